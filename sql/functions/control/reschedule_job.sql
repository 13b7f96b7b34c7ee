CREATE FUNCTION barycenter_jobs.reschedule_job(p_job_name text, p_schedule text)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- see pause_job
AS $$
BEGIN
    PERFORM barycenter_jobs.find_job(p_job_name);
    UPDATE barycenter_jobs.job SET schedule = p_schedule WHERE name = p_job_name;
    RETURN (
        SELECT CASE
            WHEN job.enabled
                THEN format('Job %s runs at %s, next at %s.', p_job_name, p_schedule, barycenter_jobs.next_run(p_schedule, now()))
            ELSE format('Job %s will run at %s, once it is resumed.', p_job_name, p_schedule)
        END
        FROM barycenter_jobs.job
        WHERE job.name = p_job_name
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.reschedule_job(text, text) IS
    'Gives a job another schedule, five-field cron; pg_cron follows with the COMMIT. job_change records who and when. Errors: JB001 unknown job; JB006 a schedule that pg_cron does not understand.';
