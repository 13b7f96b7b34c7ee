CREATE FUNCTION public.sync_schedule()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_gone bigint;
    v_job record;
BEGIN
    -- pg_cron connects to the host, port and database that it noted when the job was scheduled: where these have
    -- changed (a restore, a rename), it has to be scheduled anew.
    FOR v_gone IN
        SELECT scheduled.jobid
        FROM cron.job AS scheduled
        WHERE
            scheduled.username = current_user
            AND scheduled.command LIKE 'CALL public.run_job(%'
            AND NOT EXISTS (
                SELECT FROM public.job
                WHERE
                    job.enabled
                    AND scheduled.active
                    AND scheduled.jobname = job.name
                    AND scheduled.schedule = job.schedule
                    AND scheduled.command = public.cron_command(job.name)
                    AND scheduled.database = current_database()
                    AND scheduled.nodeport = current_setting('port')::integer
                    AND scheduled.nodename = current_setting('cron.host')
            )
    LOOP
        PERFORM cron.unschedule(v_gone);
    END LOOP;

    FOR v_job IN
        SELECT job.name, job.schedule
        FROM public.job
        WHERE
            job.enabled
            AND NOT EXISTS (
                SELECT FROM cron.job AS scheduled
                WHERE
                    scheduled.username = current_user
                    AND scheduled.jobname = job.name
                    AND scheduled.command = public.cron_command(job.name)
            )
        ORDER BY job.position
    LOOP
        PERFORM cron.schedule(v_job.name, v_job.schedule, public.cron_command(v_job.name));
    END LOOP;
END
$$;

COMMENT ON FUNCTION public.sync_schedule() IS
    'Makes cron.job agree with the catalogue: schedules what is missing or differs, unschedules what is gone or paused, leaves other people''s jobs alone. Every change of job calls it; calling it again changes nothing.';
