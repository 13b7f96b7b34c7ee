CREATE FUNCTION barycenter_jobs.prune_history(p_job barycenter_jobs.job)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET row_security = on -- the owner sees its own rows in pg_cron's tables; off, as a caller may have it, is an error there
AS $$
DECLARE
    v_before timestamptz := now() - p_job.history_retention;
BEGIN
    DELETE FROM public.job_execution
    WHERE job_name = p_job.name AND started_at < v_before AND completed_at < v_before; -- never the run's own row
    DELETE FROM barycenter_jobs.job_change WHERE job_name = p_job.name AND changed_at < v_before;

    IF NOT barycenter_jobs.pg_cron_is_here() THEN
        RETURN; -- an entry in pg_cron's own database does it there
    END IF;

    -- pg_cron never prunes its own log. By start_time: end_time stays null for ever after a crash. A start that failed
    -- has no start_time: it goes when a row after it does.
    DELETE FROM cron.job_run_details
    WHERE
        command = barycenter_jobs.cron_command(p_job.name)
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

COMMENT ON FUNCTION barycenter_jobs.prune_history(barycenter_jobs.job) IS
    'Deletes the job''s rows in job_execution and job_change that are older than its history_retention, and those in cron.job_run_details that are older than 7 days.';
