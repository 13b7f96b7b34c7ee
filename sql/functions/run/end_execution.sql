CREATE FUNCTION barycenter_jobs.end_execution(p_execution_id bigint, p_error_code text, p_error_message text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- What ended the run counts for more than the row that would have made it a failure.
    UPDATE public.job_execution
    SET
        completed_at = greatest(started_at, clock_timestamp()),
        success = coalesce(p_error_code, error_code) IS NULL,
        error_code = coalesce(p_error_code, error_code),
        error_message = CASE WHEN p_error_code IS NULL THEN error_message ELSE p_error_message END,
        progress = CASE WHEN p_error_code IS NULL THEN 100 ELSE progress END,
        expected_end = NULL
    WHERE id = p_execution_id AND completed_at IS NULL;
    DELETE FROM barycenter_jobs.walk WHERE execution_id = p_execution_id;
    DELETE FROM barycenter_jobs.found WHERE execution_id = p_execution_id;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.end_execution(bigint, text, text) IS
    'Writes the end of a run: a success, unless there is an error now or there was one before. One that was cancelled keeps its end.';
