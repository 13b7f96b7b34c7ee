CREATE FUNCTION barycenter_jobs.cron_command(p_job_name text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN format('CALL barycenter_jobs.%I()', p_job_name);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.cron_command(text) IS 'What pg_cron runs for a job.';
