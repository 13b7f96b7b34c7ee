CREATE FUNCTION barycenter_jobs.reschedule_job(name text, schedule text)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- see pause_job
AS $$
#variable_conflict use_column
BEGIN
    PERFORM barycenter_jobs.find_job(reschedule_job.name);
    UPDATE barycenter_jobs.job SET schedule = reschedule_job.schedule WHERE name = reschedule_job.name;
    RETURN (
        SELECT CASE
            WHEN job.enabled
                THEN format('Job %s runs at %s, next at %s.', job.name, job.schedule, barycenter_jobs.next_run(job.schedule, now()))
            ELSE format('Job %s will run at %s, once it is resumed.', job.name, job.schedule)
        END
        FROM barycenter_jobs.job
        WHERE job.name = reschedule_job.name
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.reschedule_job(text, text) IS
    'Gives a job another schedule (job.schedule says which there are); pg_cron follows with the COMMIT. job_change records who and when. Errors: JB001 unknown job; JB006 a schedule that pg_cron does not understand.';
