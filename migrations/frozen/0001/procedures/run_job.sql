-- It commits, so it can have neither SECURITY DEFINER nor a SET clause, nor a COMMIT inside a block that
-- catches errors: the rights and the catching are in the functions that it calls, and every name is qualified.
CREATE PROCEDURE barycenter_jobs.run_job(name text, request_id uuid DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    v_execution_id bigint;
BEGIN
    -- A person's BEGIN. A program's is refused by COMMIT; in the extended protocol each statement is a little younger than
    -- its transaction, so the two cannot be told apart.
    IF pg_catalog.now() OPERATOR(pg_catalog.+) INTERVAL '2 seconds' OPERATOR(pg_catalog.<) pg_catalog.statement_timestamp() THEN
        RAISE EXCEPTION 'run_job commits, so it cannot run inside a transaction block'
        USING ERRCODE = 'invalid_transaction_termination', HINT = 'CALL it outside of BEGIN and COMMIT.';
    END IF;
    COMMIT; -- fails here, before anything is done, in a transaction block or a function
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED; -- whatever the default is; only the first statement may say so
    v_execution_id := barycenter_jobs.start_execution(run_job.name, run_job.request_id);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    IF v_execution_id IS NOT NULL THEN
        WHILE barycenter_jobs.run_batch(v_execution_id) LOOP
            COMMIT;
            SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        END LOOP;
        COMMIT;
        PERFORM barycenter_jobs.report_execution(v_execution_id);
    END IF;
END
$$;

COMMENT ON PROCEDURE barycenter_jobs.run_job(text, uuid) IS
    'CALL run_job(name): runs a job, batch by batch, and logs it in job_execution; fails as the run failed. request_id is the caller''s own id, kept in the log. Errors: JB001 unknown job; JB002 already running; 2D000 inside a transaction block.';
