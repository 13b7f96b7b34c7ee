CREATE FUNCTION barycenter_jobs.resume_job(name text)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- see pause_job
AS $$
#variable_conflict use_column
BEGIN
    PERFORM barycenter_jobs.find_job(resume_job.name);
    UPDATE barycenter_jobs.job
    SET enabled = true, pause_reason = NULL, paused_until = NULL
    WHERE name = resume_job.name;
    RETURN (
        SELECT format('Job %s is scheduled, next at %s.', job.name, barycenter_jobs.next_run(job.schedule, now()))
        FROM barycenter_jobs.job
        WHERE job.name = resume_job.name
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.resume_job(text) IS
    'Ends a job''s pause. job_change records who and when. Error: JB001 unknown job.';
