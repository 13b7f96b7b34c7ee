-- pg_cron logs in as the owner, who is current_user here, and names itself: by libpq in application_name, as a
-- background worker in backend_type.
CREATE FUNCTION barycenter_jobs.is_pg_cron()
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN session_user = current_user AND EXISTS (
        SELECT FROM pg_stat_get_activity(pg_backend_pid()) AS backend
        WHERE backend.backend_type LIKE 'pg_cron%' OR current_setting('application_name') = 'pg_cron'
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.is_pg_cron() IS 'Whether pg_cron started the current statement.';
