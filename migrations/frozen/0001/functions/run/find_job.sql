CREATE FUNCTION barycenter_jobs.find_job(p_job_name text)
RETURNS barycenter_jobs.job
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_job barycenter_jobs.job;
BEGIN
    SELECT * INTO v_job FROM barycenter_jobs.job WHERE name = p_job_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Unknown job: %', coalesce(p_job_name, 'NULL')
        USING ERRCODE = 'JB001', HINT = 'SELECT name FROM job lists the jobs.';
    END IF;
    RETURN v_job;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.find_job(text) IS 'A job''s row in the catalogue. Error: JB001 unknown job.';
