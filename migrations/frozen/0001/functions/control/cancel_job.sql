-- The end is written here, and the batch that is going on finds it and is undone: so a cancel works at once, also for a
-- run that hangs in a trigger. No signal is sent: one that comes late would hit whatever the backend does next.
CREATE FUNCTION barycenter_jobs.cancel_job(name text)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s' -- a batch holds the row while it commits
AS $$
#variable_conflict use_column
DECLARE
    v_execution_id bigint;
BEGIN
    PERFORM barycenter_jobs.find_job(cancel_job.name);

    UPDATE public.job_execution
    SET
        completed_at = greatest(started_at, clock_timestamp()),
        success = false,
        error_code = 'JB007',
        error_message = format('Cancelled by %s', session_user),
        expected_end = NULL
    WHERE job_name = cancel_job.name AND completed_at IS NULL AND NOT barycenter_jobs.is_lost(id)
    RETURNING id INTO v_execution_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Job % is not running', cancel_job.name
        USING ERRCODE = 'JB005', HINT = 'SELECT * FROM job_status shows what runs.';
    END IF;

    INSERT INTO barycenter_jobs.job_change (job_name, action, execution_id) VALUES (cancel_job.name, 'cancel', v_execution_id);
    RETURN format('Execution %s of job %s is cancelled.', v_execution_id, cancel_job.name);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.cancel_job(text) IS
    'Ends the job''s run; its row in job_execution says who did. What the run had committed is counted; the batch that is going on is undone. Errors: JB001 unknown job; JB005 not running.';
