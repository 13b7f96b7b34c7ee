CREATE TRIGGER job_changed
AFTER INSERT OR UPDATE OR DELETE ON barycenter_jobs.job
FOR EACH STATEMENT EXECUTE FUNCTION barycenter_jobs.job_changed();

COMMENT ON TRIGGER job_changed ON barycenter_jobs.job IS 'Keeps cron.job in agreement with the catalogue.';
