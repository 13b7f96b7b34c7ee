CREATE FUNCTION public.prune_history(p_job public.job)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET row_security = on -- see schedule_drift
AS $$
BEGIN
    DELETE FROM public.job_execution
    WHERE
        job_name = p_job.name
        AND started_at < now() - p_job.keep_history
        AND completed_at < now() - p_job.keep_history; -- never the run's own row, however long it took

    IF NOT public.pg_cron_is_here() THEN
        RETURN; -- an entry in pg_cron's own database sees to that
    END IF;

    -- pg_cron never prunes its own log. By start_time: end_time stays null for ever after a crash.
    -- What never started has no start_time: it goes when a row after it does.
    DELETE FROM cron.job_run_details
    WHERE
        starts_with(command, format('CALL public.run_job(%L::pg_catalog.text,', p_job.name))
        AND username = current_user
        AND (
            start_time < now() - interval '7 days'
            OR (
                start_time IS NULL
                AND runid < (SELECT max(runid) FROM cron.job_run_details WHERE start_time < now() - interval '7 days')
            )
        );
END
$$;

COMMENT ON FUNCTION public.prune_history(public.job) IS
    'Deletes the job''s rows in job_execution that are older than its keep_history, and those in cron.job_run_details that are older than 7 days.';
