-- A request that the run reads before each of its batches, not a signal: one that comes late would hit whatever
-- the backend does next. And whoever may cancel a run need not be able to cancel anything else.
CREATE FUNCTION public.cancel_job(p_job_name text)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_execution_id bigint;
BEGIN
    PERFORM public.find_job(p_job_name);

    SELECT id
    INTO v_execution_id
    FROM public.job_execution
    WHERE job_name = p_job_name AND completed_at IS NULL AND NOT public.is_lost(id);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Job % is not running', p_job_name
        USING ERRCODE = 'JB005', HINT = 'SELECT * FROM job_status shows what runs.';
    END IF;

    INSERT INTO public.job_change (job_name, action, execution_id) VALUES (p_job_name, 'cancel', v_execution_id);
    RETURN v_execution_id;
END
$$;

COMMENT ON FUNCTION public.cancel_job(text) IS
    'Asks the job''s run to end before its next batch, and returns the id of its row in job_execution, which will say who asked. Errors: JB001 unknown job; JB005 not running.';
