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
    -- A job of ours is one that calls run_job here. pg_cron connects to the port that it noted when the job
    -- was scheduled, so a server that has moved to another port needs its jobs scheduled anew.
    FOR v_gone IN
        SELECT scheduled.jobid
        FROM cron.job AS scheduled
        WHERE
            scheduled.username = current_user
            AND scheduled.database = current_database()
            AND scheduled.command LIKE 'CALL public.run_job(%'
            AND NOT EXISTS (
                SELECT FROM public.job
                WHERE
                    job.enabled
                    AND scheduled.active
                    AND scheduled.jobname = job.name
                    AND scheduled.schedule = job.schedule
                    AND scheduled.command = public.cron_command(job.name)
                    AND scheduled.nodeport = current_setting('port')::integer
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
