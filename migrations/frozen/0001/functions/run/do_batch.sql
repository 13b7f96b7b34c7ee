-- The calls of a run: one a partition, as far as any are dropped; then one a batch, the first of which starts the walk.
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
    IF NOT FOUND AND p_job.expired_partitions IS NOT NULL THEN
        INSERT INTO barycenter_jobs.walk (execution_id, kind, next_place) VALUES (p_execution.id, 'partitions', '0')
        RETURNING * INTO v_walk;
    END IF;
    IF v_walk.kind = 'partitions' THEN
        IF barycenter_jobs.drop_partition(p_job, p_execution, v_walk) THEN
            RETURN true; -- each by itself, as logins wait
        END IF;
        DELETE FROM barycenter_jobs.walk WHERE execution_id = p_execution.id;
    END IF;
    IF v_walk.execution_id IS NULL OR v_walk.kind = 'partitions' THEN
        v_walk := barycenter_jobs.start_walk(p_job, p_execution.id);
    END IF;
    IF v_walk.next_place IS NULL THEN
        RETURN false; -- nothing to walk through
    END IF;
    IF v_walk.kind = 'key' THEN
        PERFORM set_config('enable_seqscan', 'off', true); -- whatever the statistics say after a bulk change
    END IF;

    SELECT * INTO v_range FROM barycenter_jobs.next_range(p_job, v_walk);
    IF v_walk.kind = 'key' AND v_range.condition IS NULL THEN
        UPDATE barycenter_jobs.walk
        SET
            kind = 'pages',
            key_column = NULL,
            next_place = '0',
            last_place = barycenter_jobs.pages_of(barycenter_jobs.table_under(p_job.expired)),
            batch_size = 4
        WHERE execution_id = p_execution.id;
        RETURN true;
    END IF;

    SELECT *
    INTO v_batch
    FROM barycenter_jobs.delete_batch(p_job, v_walk, v_range.condition, v_range.next_place::text);
    UPDATE barycenter_jobs.walk
    SET next_place = v_range.next_place, has_staying_rows = v_batch.has_staying_rows
    WHERE execution_id = p_execution.id
    RETURNING * INTO v_walk;
    RETURN barycenter_jobs.record_batch(
        p_job, p_execution, v_walk, v_began, v_batch.deleted, v_batch.error_code, v_batch.error_message
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.do_batch(barycenter_jobs.job, public.job_execution) IS
    'Deletes the next part of the walk, and records it; before the first, drops expired partitions, one a call. False: it was the last.';
