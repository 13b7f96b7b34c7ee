CREATE FUNCTION public.job_changed()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM public.sync_schedule();
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION public.job_changed() IS 'Trigger function: the schedule follows the catalogue.';
