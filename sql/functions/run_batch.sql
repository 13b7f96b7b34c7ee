CREATE FUNCTION public.run_batch(p_execution_id bigint)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- A batch is a short walk along an index, whatever the statistics say just after a bulk of rows came or went.
SET enable_seqscan = off
SET jit = off
SET TimeZone = 'UTC' -- or the caller's would say how long a day is
AS $$
DECLARE
    v_execution public.job_execution;
    v_job public.job;
    v_batch record;
    v_deleted bigint;
    v_canceled_by name;
    v_error_code text;
    v_error_message text;
BEGIN
    -- Only the statement that started a run may go on with it: nobody can finish another's, or one that was closed.
    SELECT *
    INTO v_execution
    FROM public.job_execution
    WHERE
        id = p_execution_id
        AND completed_at IS NULL
        AND backend_pid = pg_backend_pid()
        AND started_at = statement_timestamp();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Execution % is not a run of this statement', p_execution_id
        USING ERRCODE = 'JB004', HINT = 'CALL run_job(name) runs a job.';
    END IF;

    BEGIN
        SET CONSTRAINTS ALL IMMEDIATE; -- an objection that is deferred to the COMMIT could not be logged
        SELECT * INTO STRICT v_job FROM public.job WHERE name = v_execution.job_name;

        SELECT changed_by INTO v_canceled_by FROM public.job_change WHERE execution_id = p_execution_id ORDER BY id LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'Cancelled by %', v_canceled_by USING ERRCODE = 'query_canceled';
        END IF;

        SELECT * INTO v_batch FROM public.next_batch(v_job, v_execution);
        EXECUTE format('SELECT * FROM public.%I($1, $2, $3)', v_job.name)
        INTO v_deleted, v_error_code, v_error_message
        USING v_batch.first_key, v_batch.last_key, v_job.batch_size;

        IF v_batch.first_key = v_batch.last_key AND v_deleted >= v_job.batch_size THEN
            v_batch.next_key := v_batch.first_key; -- more rows may share this key
        END IF;
        UPDATE public.job_execution
        SET
            records_processed = records_processed + v_deleted,
            error_code = coalesce(error_code, v_error_code),
            error_message = coalesce(error_message, 'Some rows cannot be deleted, and stay. The first: ' || v_error_message),
            next_key = v_batch.next_key,
            completed_at = CASE WHEN v_batch.next_key IS NULL THEN greatest(started_at, clock_timestamp()) END,
            success = CASE WHEN v_batch.next_key IS NULL THEN coalesce(error_code, v_error_code) IS NULL END
        WHERE id = p_execution_id AND completed_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Execution % was closed by somebody else', p_execution_id USING ERRCODE = 'JB004';
        END IF;
        IF v_batch.next_key IS NOT NULL THEN
            RETURN true;
        END IF;

        BEGIN
            PERFORM public.prune_history(v_job);
        EXCEPTION
            WHEN OTHERS THEN
                RAISE WARNING 'The history of % could not be pruned: %', v_job.name, SQLERRM; -- the work is done
        END;
        RETURN false;
    EXCEPTION
        -- Neither a cancel nor an assertion is among the OTHERS.
        WHEN query_canceled OR assert_failure OR OTHERS THEN
            GET STACKED DIAGNOSTICS
                v_error_code = RETURNED_SQLSTATE,
                v_error_message = MESSAGE_TEXT;
    END;

    UPDATE public.job_execution
    SET
        completed_at = greatest(started_at, clock_timestamp()),
        success = false,
        error_code = v_error_code,
        error_message = v_error_message
    WHERE id = p_execution_id AND completed_at IS NULL;
    RETURN false;
END
$$;

COMMENT ON FUNCTION public.run_batch(bigint) IS
    'Does the next batch of a run and adds it to the row in job_execution; with the last one, or when it fails, writes the end. True while there is more. Error: JB004 not a run of the calling statement. run_job''s second step.';
