CREATE FUNCTION barycenter_jobs.check_health(OUT revision text, OUT launcher_runs boolean, OUT drifting_jobs text[])
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE 'SELECT max(version_num) FROM barycenter_jobs.alembic_version' INTO revision; -- Alembic's own table
    launcher_runs := EXISTS (SELECT FROM pg_stat_get_activity(NULL) AS backend WHERE backend.backend_type = 'pg_cron launcher');
    IF barycenter_jobs.pg_cron_is_here() THEN
        drifting_jobs := barycenter_jobs.reconcile_cron(barycenter_jobs.cron_entries(), false);
    END IF;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.check_health() IS
    'Whether the jobs run by themselves: the migrations'' revision, whether pg_cron''s launcher is alive (it is not on a standby), and the jobs whose entry in cron.job is not what the catalogue says (null where pg_cron is in another database, which cannot be seen from here).';
