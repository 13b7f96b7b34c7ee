-- One job a call: a run's start is its CALL's. As run_job, which commits, it can have no SET clause.
CREATE PROCEDURE barycenter_jobs.run_overdue_job()
LANGUAGE plpgsql
AS $$
DECLARE
    v_job_name text;
BEGIN
    SELECT status.name
    INTO v_job_name
    FROM public.job_status AS status
    WHERE status.overdue
    ORDER BY status.last_started_at NULLS FIRST
    LIMIT 1;

    IF FOUND THEN
        CALL barycenter_jobs.run_job(v_job_name);
    END IF;
END
$$;

COMMENT ON PROCEDURE barycenter_jobs.run_overdue_job() IS
    'Runs a job whose scheduled start came and went, if there is one. Where pg_cron is in another database it calls this each minute: a job that was rescheduled or resumed since the last alembic upgrade head runs all the same.';
