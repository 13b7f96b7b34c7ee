CREATE FUNCTION barycenter_jobs.resume_job(p_job_name text)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- see pause_job
AS $$
BEGIN
    PERFORM barycenter_jobs.find_job(p_job_name);
    UPDATE barycenter_jobs.job
    SET enabled = true, pause_reason = NULL, paused_until = NULL
    WHERE name = p_job_name;
    RETURN (
        SELECT format('Job %s is scheduled, next at %s.', p_job_name, barycenter_jobs.next_run(job.schedule, now()))
        FROM barycenter_jobs.job
        WHERE job.name = p_job_name
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.resume_job(text) IS
    'Ends a job''s pause. job_change records who and when. Error: JB001 unknown job.';
