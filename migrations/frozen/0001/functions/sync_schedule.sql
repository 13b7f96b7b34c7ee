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
    FOR v_gone IN SELECT jobid FROM public.schedule_drift() WHERE jobid IS NOT NULL LOOP
        PERFORM cron.unschedule(v_gone);
    END LOOP;

    FOR v_job IN SELECT name, schedule FROM public.schedule_drift() WHERE name IS NOT NULL ORDER BY name LOOP
        PERFORM cron.schedule(v_job.name, v_job.schedule, public.cron_command(v_job.name, v_job.schedule));
    END LOOP;
END
$$;

COMMENT ON FUNCTION public.sync_schedule() IS
    'Makes cron.job agree with the catalogue: schedules what is missing or differs, unschedules what is gone or paused, leaves other people''s jobs alone. Every change of job calls it; calling it again changes nothing. Where pg_cron is in another database, alembic upgrade head does it instead.';
