CREATE FUNCTION public.check_health(OUT revision text, OUT launcher_runs boolean, OUT drifting_jobs text[])
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on -- see schedule_drift
AS $$
BEGIN
    -- Alembic's own table, which is none of this schema's objects.
    EXECUTE 'SELECT max(version_num) FROM public.alembic_version' INTO revision;
    launcher_runs := EXISTS (SELECT FROM pg_stat_get_activity(NULL) AS backend WHERE backend.backend_type = 'pg_cron launcher');
    IF public.pg_cron_is_here() THEN
        drifting_jobs := ARRAY(
            SELECT DISTINCT coalesce(drift.name, scheduled.jobname)
            FROM public.schedule_drift() AS drift
            LEFT JOIN cron.job AS scheduled USING (jobid)
            ORDER BY 1
        );
    END IF;
END
$$;

COMMENT ON FUNCTION public.check_health() IS
    'Whether the jobs run by themselves: the migrations'' revision, whether pg_cron''s launcher is alive (it is not on a standby), and the jobs whose entry in cron.job is not what the catalogue says (null where pg_cron is in another database, which cannot be seen from here).';
