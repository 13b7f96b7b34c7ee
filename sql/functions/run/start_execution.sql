CREATE FUNCTION barycenter_jobs.start_execution(p_job_name text, p_request_id uuid)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
SET lock_timeout = '1s' -- for a session that starts a run and does not commit
AS $$
DECLARE
    v_job barycenter_jobs.job;
    v_scheduled boolean := barycenter_jobs.is_pg_cron();
    v_id bigint;
    v_running public.job_execution;
BEGIN
    -- In an older transaction a batch would not see what has expired since, and would still be called a success.
    IF current_setting('transaction_isolation') <> 'read committed' OR now() < statement_timestamp() THEN
        RAISE EXCEPTION 'A run cannot start inside a transaction block'
        USING ERRCODE = 'invalid_transaction_state', HINT = 'CALL run_job(name) outside of BEGIN and COMMIT.';
    END IF;

    v_job := barycenter_jobs.find_job(p_job_name);
    PERFORM barycenter_jobs.close_lost_executions();
    IF v_scheduled AND NOT barycenter_jobs.may_start(v_job) THEN
        RETURN NULL;
    END IF;

    LOOP
        INSERT INTO public.job_execution (
            job_name, started_at, scheduled, started_by, application_name, request_id, backend_pid, progress
        )
        VALUES (
            p_job_name,
            statement_timestamp(),
            v_scheduled,
            session_user,
            current_setting('application_name'),
            p_request_id,
            pg_backend_pid(),
            0
        )
        ON CONFLICT (job_name) WHERE completed_at IS NULL DO NOTHING
        RETURNING id INTO v_id;
        EXIT WHEN FOUND;

        IF v_scheduled THEN
            UPDATE public.job_execution
            SET skipped_starts = skipped_starts + 1
            WHERE job_name = p_job_name AND completed_at IS NULL;
            IF FOUND THEN
                RETURN NULL;
            END IF;
        ELSE
            SELECT * INTO v_running FROM public.job_execution WHERE job_name = p_job_name AND completed_at IS NULL;
            IF FOUND THEN
                RAISE EXCEPTION 'Job % is already running', p_job_name
                USING
                    ERRCODE = 'JB002',
                    DETAIL = format('Execution %s, started by %s.', v_running.id, v_running.started_by),
                    HINT = 'Wait for its end, or SELECT cancel_job(name). SELECT * FROM job_status shows how far it is.';
            END IF;
        END IF;
        -- It has just ended: try again.
    END LOOP;
    RETURN v_id;
EXCEPTION
    WHEN lock_not_available THEN
        -- Somebody has called this function by hand and has not committed. That must not stay unseen.
        INSERT INTO public.job_execution (
            job_name, started_at, completed_at, success, error_code, error_message,
            scheduled, started_by, application_name, request_id, backend_pid
        )
        VALUES (
            p_job_name,
            statement_timestamp(),
            greatest(statement_timestamp(), clock_timestamp()),
            false,
            'JB002',
            format(
                'Not started: session %s holds an uncommitted start of this job. '
                'Once that session is ended (pg_terminate_backend), the job can run again.',
                coalesce(
                    (
                        SELECT string_agg(DISTINCT pid::text, ', ')
                        FROM pg_locks
                        WHERE
                            relation = 'public.job_execution'::regclass
                            AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
                    ),
                    'unknown'
                )
            ),
            v_scheduled,
            session_user,
            current_setting('application_name'),
            p_request_id,
            pg_backend_pid()
        )
        RETURNING id INTO v_id;
        RETURN v_id;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.start_execution(text, uuid) IS
    'Opens a row in job_execution for the calling statement and returns its id; run_job''s first step. Null: a scheduled start of a job that is paused or not due, or that runs already, which is counted there. Where an uncommitted start is in the way, the row is a failure already. Errors: JB001 unknown job; JB002 already running; 25000 inside a transaction block.';
