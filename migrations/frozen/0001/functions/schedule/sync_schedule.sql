CREATE FUNCTION barycenter_jobs.sync_schedule()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF barycenter_jobs.pg_cron_is_here() THEN
        PERFORM barycenter_jobs.reconcile_cron(barycenter_jobs.cron_entries(), true);
    END IF;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.sync_schedule() IS
    'Makes cron.job agree with the catalogue. Every change of job calls it; calling it again changes nothing. Where pg_cron is in another database, alembic upgrade head does it instead. Error: JB012 no name is free in cron.job.';
