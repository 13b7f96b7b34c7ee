-- All arguments, of their very types: else a procedure of the same name that somebody else made could fit better, and run
-- with the owner's rights.
CREATE FUNCTION public.cron_command(p_job_name text, p_schedule text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN format('CALL public.run_job(%L::pg_catalog.text, %L::pg_catalog.text, NULL::pg_catalog.uuid, NULL::bigint, NULL::bigint)', p_job_name, p_schedule);
END
$$;

COMMENT ON FUNCTION public.cron_command(text, text) IS 'What pg_cron runs for a job.';
