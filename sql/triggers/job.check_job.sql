CREATE TRIGGER check_job
BEFORE INSERT OR UPDATE OF name, expired, waiting, expired_partitions, target_table ON barycenter_jobs.job
FOR EACH ROW EXECUTE FUNCTION barycenter_jobs.check_job();

COMMENT ON TRIGGER check_job ON barycenter_jobs.job IS 'A job that could not run is not declared.';
