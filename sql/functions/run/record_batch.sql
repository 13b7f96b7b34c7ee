CREATE FUNCTION barycenter_jobs.record_batch(
    p_job barycenter_jobs.job,
    p_execution public.job_execution,
    p_walk barycenter_jobs.walk,
    p_began timestamptz,
    p_deleted bigint,
    p_error_code text,
    p_error_message text
)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- the batch holds rows that a login may want
AS $$
DECLARE
    c_notice_interval CONSTANT interval := interval '2 seconds';
    v_now timestamptz := clock_timestamp();
    v_pace double precision := extract(EPOCH FROM p_job.batch_time)
    / greatest(extract(EPOCH FROM v_now - p_began), 0.0001);
    v_deleted bigint := p_execution.records_processed + p_deleted;
    v_progress double precision := 100 * CASE
        WHEN p_walk.next_place IS NULL THEN 1
        WHEN p_walk.kind = 'key' THEN least(0.99, v_deleted::double precision / greatest(p_walk.expected_rows, 1))
        ELSE p_walk.next_place::double precision / p_walk.last_place::double precision
    END;
    v_expected_end timestamptz := p_execution.started_at
    + least(100 / greatest(v_progress, 0.01), 10000) * (v_now - p_execution.started_at);
BEGIN
    UPDATE barycenter_jobs.walk
    SET
        -- Grows by at most eight times and shrinks by at most four, as one batch may be no measure for the next.
        batch_size = least(greatest(batch_size * least(greatest(v_pace, 0.25), 8), 1), 1000000),
        noticed_at = CASE WHEN v_now - noticed_at < c_notice_interval THEN noticed_at ELSE v_now END
    WHERE execution_id = p_execution.id;

    UPDATE public.job_execution
    SET
        records_processed = v_deleted,
        error_code = coalesce(error_code, p_error_code),
        error_message = coalesce(error_message, 'Some rows cannot be deleted, and stay. The first: ' || p_error_message),
        progress = v_progress,
        expected_end = v_expected_end
    WHERE id = p_execution.id AND completed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Execution % was cancelled', p_execution.id USING ERRCODE = 'JB007';
    END IF;

    -- For a person alone: a backend ends as soon as it cannot send something, and the run of a client that is gone goes on.
    IF v_now - p_walk.noticed_at >= c_notice_interval AND p_execution.application_name = 'psql' THEN
        RAISE NOTICE '% %%: % rows deleted, % to go', round(v_progress::numeric), v_deleted,
            date_trunc('second', v_expected_end - v_now);
    END IF;
    RETURN p_walk.next_place IS NOT NULL;
EXCEPTION
    WHEN lock_not_available THEN
        RAISE EXCEPTION 'Another session holds an uncommitted cancel of execution %', p_execution.id
        USING ERRCODE = 'JB015', HINT = 'Let it COMMIT or ROLLBACK. The next run closes this one''s row.';
END
$$;

COMMENT ON FUNCTION barycenter_jobs.record_batch(barycenter_jobs.job, public.job_execution, barycenter_jobs.walk, timestamptz, bigint, text, text) IS
    'Adds a batch to the run''s row and to its walk, sets the size of the next one, and tells psql now and then. False: it was the last. Errors: JB007 the run was cancelled meanwhile; JB015 somebody holds a cancel open.';
