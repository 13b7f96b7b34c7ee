CREATE FUNCTION public.close_lost_executions()
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
        )
    WHERE completed_at IS NULL AND public.is_lost(id);
END
$$;

COMMENT ON FUNCTION public.close_lost_executions() IS
    'Closes the row of every lost run as a failure that says so. Each start of a run calls it.';
