CREATE FUNCTION public.sync_schedule()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on -- see schedule_drift
AS $$
DECLARE
    v_gone bigint;
    v_job record;
    v_jobname text;
BEGIN
    FOR v_gone IN SELECT jobid FROM public.schedule_drift() WHERE jobid IS NOT NULL LOOP
        PERFORM cron.unschedule(v_gone);
    END LOOP;

    FOR v_job IN SELECT name, schedule FROM public.schedule_drift() WHERE name IS NOT NULL ORDER BY name LOOP
        -- pg_cron would overwrite what has the name already: another database's job, or a stranger.
        SELECT candidate.jobname
        INTO v_jobname
        FROM unnest(public.cron_job_names(v_job.name)) WITH ORDINALITY AS candidate (jobname, preference)
        WHERE candidate.jobname NOT IN (
            SELECT entry.jobname FROM cron.job AS entry WHERE entry.username = current_user AND entry.jobname IS NOT NULL
        )
        ORDER BY candidate.preference
        LIMIT 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'In cron.job other jobs have the names %', array_to_string(public.cron_job_names(v_job.name), ' and ')
            USING ERRCODE = 'JB012', HINT = 'Unschedule one of them, if it is yours: SELECT cron.unschedule(name).';
        END IF;
        PERFORM cron.schedule(v_jobname, v_job.schedule, public.cron_command(v_job.name, v_job.schedule));
    END LOOP;
END
$$;

COMMENT ON FUNCTION public.sync_schedule() IS
    'Makes cron.job agree with the catalogue: schedules what is missing or differs, unschedules what is gone or paused, leaves other people''s jobs alone. Every change of job calls it; calling it again changes nothing. Where pg_cron is in another database, alembic upgrade head does it instead. Error: JB012 no name is free in cron.job.';
