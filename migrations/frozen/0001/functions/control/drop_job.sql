CREATE FUNCTION barycenter_jobs.drop_job(name text)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER -- see create_job
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM barycenter_jobs.find_job(drop_job.name);
    DELETE FROM barycenter_jobs.job WHERE name = drop_job.name;
    EXECUTE format('DROP PROCEDURE IF EXISTS barycenter_jobs.%I()', drop_job.name);
    RETURN format('Job %s is dropped. Its view and its rows in job_execution stay.', drop_job.name);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.drop_job(text) IS
    'Undoes create_job: the job, its procedure and its entry in cron.job go; its view and its history stay. Error: JB001 unknown job.';
