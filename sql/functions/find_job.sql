CREATE FUNCTION public.find_job(p_job_name text)
RETURNS public.job
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_job public.job;
BEGIN
    SELECT * INTO v_job FROM public.job WHERE name = p_job_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Unknown job: %', p_job_name
        USING ERRCODE = 'JB001', HINT = 'SELECT name FROM job lists the jobs.';
    END IF;
    RETURN v_job;
END
$$;

COMMENT ON FUNCTION public.find_job(text) IS 'The job''s row in the catalogue. Error: JB001 unknown job.';
