CREATE FUNCTION public.reschedule_job(p_job_name text, p_schedule text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- for somebody who calls this by hand and does not end
AS $$
BEGIN
    PERFORM public.find_job(p_job_name);
    UPDATE public.job SET schedule = p_schedule WHERE name = p_job_name;
END
$$;

COMMENT ON FUNCTION public.reschedule_job(text, text) IS
    'Gives a job another schedule, five-field cron; pg_cron follows with the COMMIT. job_change says who did it. Errors: JB001 unknown job; JB006 a schedule that pg_cron does not understand.';
