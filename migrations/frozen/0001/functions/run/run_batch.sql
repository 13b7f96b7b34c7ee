CREATE FUNCTION barycenter_jobs.run_batch(p_execution_id bigint)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off -- rows that a policy hides would not be deleted: an error is better than a false success
SET jit = off
SET TimeZone = 'UTC' -- the caller's would decide how long a day of retention is
-- Places in a walk are written as text, and are to be read as they were.
SET DateStyle = 'ISO'
SET IntervalStyle = 'postgres'
SET extra_float_digits = 1
AS $$
DECLARE
    v_execution public.job_execution;
    v_job barycenter_jobs.job;
    v_error_code text;
    v_error_message text;
BEGIN
    -- Only the statement that started a run may go on with it: nobody can finish another's.
    SELECT *
    INTO v_execution
    FROM public.job_execution
    WHERE id = p_execution_id AND backend_pid = pg_backend_pid() AND started_at = statement_timestamp();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Execution % is not a run of this statement', p_execution_id
        USING ERRCODE = 'JB004', HINT = 'CALL run_job(name) runs a job.';
    END IF;
    IF v_execution.completed_at IS NOT NULL THEN
        RETURN false; -- cancelled, or never started (JB002)
    END IF;

    BEGIN
        SET CONSTRAINTS ALL IMMEDIATE; -- an error that is deferred to the COMMIT could not be logged
        v_job := barycenter_jobs.find_job(v_execution.job_name);
        PERFORM barycenter_jobs.lock_target(v_job.expired);
        IF barycenter_jobs.do_batch(v_job, v_execution) THEN
            -- A crash may take back the last batches: their deletes and their count together. The run's end is durable.
            PERFORM set_config('synchronous_commit', 'off', true);
            RETURN true;
        END IF;
    EXCEPTION
        WHEN SQLSTATE 'JB015' THEN
            RAISE; -- the end cannot be written, and logins must not wait for it
        -- Neither a cancel nor an assertion is among the OTHERS.
        WHEN query_canceled OR assert_failure OR OTHERS THEN
            GET STACKED DIAGNOSTICS
                v_error_code = RETURNED_SQLSTATE,
                v_error_message = MESSAGE_TEXT;
    END;
    PERFORM barycenter_jobs.end_execution(p_execution_id, v_error_code, v_error_message);

    BEGIN
        PERFORM barycenter_jobs.prune_history(v_job);
    EXCEPTION
        WHEN OTHERS THEN
            RAISE LOG 'The history of % could not be pruned: %', v_job.name, SQLERRM; -- the work is done
    END;
    RETURN false;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.run_batch(bigint) IS
    'Does the next batch of a run, and adds it to the row in job_execution; after the last one, or when it fails, writes the end. True while there is more; run_job''s second step. Errors: JB004 not a run of the calling statement; JB015 somebody holds a cancel open, which leaves the run lost.';
