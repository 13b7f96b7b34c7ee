CREATE TRIGGER check_schedule
BEFORE INSERT OR UPDATE OF schedule ON public.job
FOR EACH ROW EXECUTE FUNCTION public.check_schedule();

COMMENT ON TRIGGER check_schedule ON public.job IS 'Nothing is stored that pg_cron would not understand.';
