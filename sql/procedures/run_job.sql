-- It commits, so it can have neither SECURITY DEFINER nor a SET clause, nor a COMMIT inside a block that
-- catches errors: the rights and the catching are in the functions that it calls, and every name is qualified.
CREATE PROCEDURE public.run_job(
    p_job_name text,
    p_schedule text DEFAULT NULL,
    p_request_id uuid DEFAULT NULL,
    INOUT execution_id bigint DEFAULT NULL,
    INOUT records_processed bigint DEFAULT NULL
)
LANGUAGE plpgsql
AS $$
DECLARE
    v_more boolean;
    v_end record;
BEGIN
    COMMIT; -- fails here, before anything is done, if the CALL stands in a transaction block
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED; -- whatever the default is; only the first statement may say so
    execution_id := public.start_execution(p_job_name, p_schedule, p_request_id);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    IF execution_id IS NULL THEN
        RETURN; -- a scheduled start that is not due any more, or while the job is running
    END IF;

    LOOP
        v_more := public.run_batch(execution_id);
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        EXIT WHEN NOT v_more;
    END LOOP;

    SELECT execution.success, execution.records_processed, execution.error_code, execution.error_message
    INTO v_end
    FROM public.job_execution AS execution
    WHERE execution.id OPERATOR(pg_catalog.=) execution_id;
    records_processed := v_end.records_processed;
    IF NOT v_end.success THEN
        RAISE EXCEPTION '%', v_end.error_message
        USING ERRCODE = v_end.error_code, DETAIL = pg_catalog.format('Job %s, execution %s.', p_job_name, execution_id);
    END IF;
END
$$;

COMMENT ON PROCEDURE public.run_job(text, text, uuid, bigint, bigint) IS
    'CALL run_job(name): runs a job, batch by batch, and logs it in job_execution. Answers the execution''s id and the rows deleted; fails as the run failed. p_schedule is pg_cron''s: the schedule that the start was made for. p_request_id is the caller''s own id, kept in the log. Errors: JB001 unknown job; JB002 already running; 2D000 inside a transaction block.';
