CREATE FUNCTION barycenter_jobs.pg_cron_is_here()
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(current_setting('cron.database_name', true) = current_database(), false);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.pg_cron_is_here() IS
    'Whether pg_cron keeps its jobs in this database. If not, alembic upgrade head has registered ours where it does.';
