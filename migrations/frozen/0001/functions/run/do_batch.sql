CREATE FUNCTION barycenter_jobs.do_batch(p_job barycenter_jobs.job, p_execution public.job_execution)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_began timestamptz := clock_timestamp();
    v_walk barycenter_jobs.walk;
    v_range record;
    v_batch record;
BEGIN
    SELECT * INTO v_walk FROM barycenter_jobs.walk WHERE execution_id = p_execution.id;
    IF NOT FOUND THEN
        v_walk := barycenter_jobs.start_walk(p_job, p_execution.id);
    END IF;
    IF v_walk.next_place IS NULL OR v_walk.next_place = v_walk.last_place AND v_walk.key_column IS NULL THEN
        RETURN false; -- there is nothing
    END IF;
    IF v_walk.key_column IS NOT NULL THEN
        PERFORM set_config('enable_seqscan', 'off', true); -- the index, whatever the statistics say after a bulk change
    END IF;

    SELECT * INTO v_range FROM barycenter_jobs.next_range(p_job, v_walk);
    IF v_range.condition IS NULL THEN
        UPDATE barycenter_jobs.walk
        SET
            key_column = NULL,
            next_place = '0',
            last_place = barycenter_jobs.pages_of(p_job.target_table::regclass),
            batch_size = 64
        WHERE execution_id = p_execution.id;
        RETURN true;
    END IF;

    SELECT * INTO v_batch FROM barycenter_jobs.delete_batch(p_job, v_walk, v_range.condition, v_range.first_key, v_range.next_place);
    v_walk.has_waiting_rows := v_walk.has_waiting_rows OR v_batch.is_waiting;
    v_walk.next_place := v_range.next_place;
    IF v_walk.next_place IS NULL AND v_walk.has_waiting_rows THEN
        SELECT * INTO v_range FROM barycenter_jobs.delete_batch(p_job, v_walk, NULL, NULL, NULL);
        v_batch.deleted := v_batch.deleted + v_range.deleted;
        v_batch.error_code := coalesce(v_batch.error_code, v_range.error_code);
        v_batch.error_message := coalesce(v_batch.error_message, v_range.error_message);
    END IF;
    RETURN barycenter_jobs.record_batch(p_job, p_execution, v_walk, v_began, v_batch.deleted, v_batch.error_code, v_batch.error_message);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.do_batch(barycenter_jobs.job, public.job_execution) IS
    'Deletes the next part of the walk, and records it. False: it was the last.';
