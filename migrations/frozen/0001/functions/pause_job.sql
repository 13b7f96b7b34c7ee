CREATE FUNCTION public.pause_job(p_job_name text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- for somebody who calls this by hand and does not end
AS $$
BEGIN
    PERFORM public.find_job(p_job_name);
    UPDATE public.job SET enabled = false WHERE name = p_job_name;
END
$$;

COMMENT ON FUNCTION public.pause_job(text) IS
    'Pauses a job: pg_cron starts it no more, until resume_job. A run that is going on goes on, and the job can still be run by hand. job_change says who did it. Error: JB001 unknown job.';
