CREATE FUNCTION public.resume_job(p_job_name text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- for somebody who calls this by hand and does not end
AS $$
BEGIN
    PERFORM public.find_job(p_job_name);
    UPDATE public.job SET enabled = true WHERE name = p_job_name;
END
$$;

COMMENT ON FUNCTION public.resume_job(text) IS
    'Resumes a paused job: pg_cron starts it again as its schedule says. job_change says who did it. Error: JB001 unknown job.';
