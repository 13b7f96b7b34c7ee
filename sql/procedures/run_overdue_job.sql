-- One job a call: a run's start is its CALL's. As run_job, which commits, it can have no SET clause.
CREATE PROCEDURE public.run_overdue_job()
LANGUAGE plpgsql
AS $$
DECLARE
    v_job record;
    v_execution_id bigint;
    v_records_processed bigint;
BEGIN
    SELECT status.name, status.schedule
    INTO v_job
    FROM public.job_status AS status
    WHERE status.overdue
    ORDER BY status.last_started_at NULLS FIRST
    LIMIT 1;

    IF FOUND THEN
        CALL public.run_job(v_job.name, v_job.schedule, NULL::pg_catalog.uuid, v_execution_id, v_records_processed);
    END IF;
END
$$;

COMMENT ON PROCEDURE public.run_overdue_job() IS
    'Runs a job whose scheduled start came and went, if there is one. Where pg_cron is in another database it calls this each minute: a job that was rescheduled or resumed since the last alembic upgrade head runs all the same.';
