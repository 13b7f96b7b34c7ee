CREATE FUNCTION public.cron_command(p_job_name text, p_schedule text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN format('CALL public.run_job(%L, p_schedule => %L)', p_job_name, p_schedule);
END
$$;

COMMENT ON FUNCTION public.cron_command(text, text) IS 'What pg_cron runs for a job.';
