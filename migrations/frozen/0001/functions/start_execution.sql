CREATE FUNCTION public.start_execution(p_job_name text, p_schedule text, p_request_id uuid)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- for somebody who calls this by hand and does not end
AS $$
DECLARE
    v_scheduled boolean := p_schedule IS NOT NULL;
    v_job public.job;
    v_id bigint;
    v_running public.job_execution;
BEGIN
    -- In an older transaction a batch would not see what has expired since, and would still be called a success.
    IF current_setting('transaction_isolation') <> 'read committed' OR now() < statement_timestamp() THEN
        RAISE EXCEPTION 'A run cannot start inside a transaction'
        USING ERRCODE = 'invalid_transaction_state', HINT = 'CALL run_job(name), outside of a transaction.';
    END IF;

    -- pg_cron logs in as the owner, who is current_user here.
    IF v_scheduled AND session_user <> current_user THEN
        RAISE EXCEPTION 'Only pg_cron starts a scheduled run'
        USING ERRCODE = 'insufficient_privilege', HINT = 'CALL run_job(name) without p_schedule.';
    END IF;

    v_job := public.find_job(p_job_name);
    PERFORM public.close_lost_executions();

    -- The catalogue decides, not an entry of pg_cron's that lags behind it.
    IF v_scheduled AND NOT (v_job.enabled AND v_job.schedule = p_schedule) THEN
        RETURN NULL;
    END IF;

    LOOP
        INSERT INTO public.job_execution (
            job_name, started_at, scheduled, started_by, application_name, request_id, backend_pid
        )
        VALUES (
            p_job_name,
            statement_timestamp(),
            v_scheduled,
            session_user,
            current_setting('application_name'),
            p_request_id,
            pg_backend_pid()
        )
        ON CONFLICT (job_name) WHERE completed_at IS NULL DO NOTHING
        RETURNING id INTO v_id;
        IF FOUND THEN
            RETURN v_id;
        END IF;

        UPDATE public.job_execution
        SET skipped_starts = skipped_starts + v_scheduled::integer
        WHERE job_name = p_job_name AND completed_at IS NULL
        RETURNING * INTO v_running;
        EXIT WHEN FOUND; -- else it has just ended
    END LOOP;

    IF v_scheduled THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'Job % is already running', p_job_name
    USING
        ERRCODE = 'JB002',
        DETAIL = format('Execution %s, started by %s.', v_running.id, v_running.started_by),
        HINT = 'Wait for its end: SELECT * FROM job_status.';
END
$$;

COMMENT ON FUNCTION public.start_execution(text, text, uuid) IS
    'Opens a row in job_execution for the calling statement and returns its id. A scheduled start of a job that is running is counted there and returns null; so does one by a schedule that is not the catalogue''s any more. Errors: JB001 unknown job; JB002 already running. run_job''s first step.';
