CREATE FUNCTION barycenter_jobs.report_execution(p_execution_id bigint)
RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_execution public.job_execution;
BEGIN
    SELECT * INTO v_execution FROM public.job_execution WHERE id = p_execution_id;
    IF NOT v_execution.success THEN
        RAISE EXCEPTION '%', v_execution.error_message
        USING
            ERRCODE = v_execution.error_code,
            DETAIL = format(
                'Job %s, execution %s: %s rows were deleted.',
                v_execution.job_name, v_execution.id, v_execution.records_processed
            );
    END IF;
    RAISE NOTICE '% has deleted % rows (execution %)',
        v_execution.job_name, v_execution.records_processed, v_execution.id;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.report_execution(bigint) IS
    'Tells the caller how a run ended: a NOTICE of a success; a failure is raised as the error that it was. run_job''s last step.';
