CREATE FUNCTION barycenter_jobs.job_changed()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM barycenter_jobs.sync_schedule();
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.job_changed() IS 'Trigger function: the schedule follows the catalogue.';
