CREATE TRIGGER record_job_change
AFTER INSERT OR UPDATE OR DELETE ON public.job
FOR EACH ROW EXECUTE FUNCTION public.record_job_change();

COMMENT ON TRIGGER record_job_change ON public.job IS 'Every change of a job is written down, whoever makes it.';
