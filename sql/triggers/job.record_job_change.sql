CREATE TRIGGER record_job_change
AFTER INSERT OR UPDATE OR DELETE ON barycenter_jobs.job
FOR EACH ROW EXECUTE FUNCTION barycenter_jobs.record_job_change();

COMMENT ON TRIGGER record_job_change ON barycenter_jobs.job IS 'Every change of a job is written down, whoever makes it.';
