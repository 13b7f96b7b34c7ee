CREATE TRIGGER check_schedule
BEFORE INSERT OR UPDATE OF schedule ON barycenter_jobs.job
FOR EACH ROW EXECUTE FUNCTION barycenter_jobs.check_schedule();

COMMENT ON TRIGGER check_schedule ON barycenter_jobs.job IS 'Nothing is stored that pg_cron would not understand.';
