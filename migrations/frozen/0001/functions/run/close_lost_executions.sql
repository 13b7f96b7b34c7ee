CREATE FUNCTION barycenter_jobs.close_lost_executions()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.job_execution
    SET
        completed_at = greatest(started_at, clock_timestamp()),
        success = false,
        error_code = 'JB003',
        error_message = format(
            'Lost: server process %s ended, or was interrupted, before the run did. '
            'What it had committed is counted; the next run does the rest.',
            backend_pid
        ),
        expected_end = NULL
    WHERE completed_at IS NULL AND barycenter_jobs.is_lost(id);

    -- Theirs, and those of runs that were cancelled between two batches.
    DELETE FROM barycenter_jobs.walk
    WHERE execution_id NOT IN (SELECT id FROM public.job_execution WHERE completed_at IS NULL);
    DELETE FROM barycenter_jobs.found
    WHERE execution_id NOT IN (SELECT id FROM public.job_execution WHERE completed_at IS NULL);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.close_lost_executions() IS
    'Closes the row of every lost run as a failure, and deletes what runs that have ended left in walk and found. Every start of a run calls it.';
