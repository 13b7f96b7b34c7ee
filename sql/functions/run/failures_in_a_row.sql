-- A function, because its cost is not estimated: in the view, the planner would expect much of the log to be read, and
-- compile the query (JIT) for longer than it runs.
CREATE FUNCTION barycenter_jobs.failures_in_a_row(p_job_name text)
RETURNS bigint
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_last_success public.job_execution;
BEGIN
    SELECT *
    INTO v_last_success
    FROM public.job_execution
    WHERE job_name = p_job_name AND success
    ORDER BY started_at DESC, id DESC
    LIMIT 1;

    RETURN (
        SELECT count(*)
        FROM public.job_execution
        WHERE
            job_name = p_job_name
            AND NOT success
            AND error_code <> 'JB007' -- somebody cancelled it
            AND (started_at, id) > (coalesce(v_last_success.started_at, '-infinity'), coalesce(v_last_success.id, 0))
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.failures_in_a_row(text) IS
    'How many runs of the job have failed since its last success, without those that were cancelled.';
