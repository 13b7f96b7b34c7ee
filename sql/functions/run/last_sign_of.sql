CREATE FUNCTION barycenter_jobs.last_sign_of(p_job_name text)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN greatest(
        (
            SELECT greatest(started_at, completed_at)
            FROM public.job_execution
            WHERE job_name = p_job_name
            ORDER BY started_at DESC, id DESC
            LIMIT 1
        ),
        (
            SELECT max(changed_at)
            FROM barycenter_jobs.job_change
            WHERE job_name = p_job_name AND new_values ?| ARRAY['schedule', 'enabled']
        ),
        (SELECT paused_until FROM barycenter_jobs.job WHERE name = p_job_name AND paused_until <= now())
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.last_sign_of(text) IS
    'When the job last started or ended a run, was resumed or rescheduled, or its pause ended. A start that was due later has been missed.';
