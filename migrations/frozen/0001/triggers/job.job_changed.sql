CREATE TRIGGER job_changed
AFTER INSERT OR UPDATE OR DELETE ON public.job
FOR EACH STATEMENT EXECUTE FUNCTION public.job_changed();

COMMENT ON TRIGGER job_changed ON public.job IS 'Keeps cron.job in agreement with the catalogue.';
