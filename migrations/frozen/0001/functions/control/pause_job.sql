CREATE FUNCTION barycenter_jobs.pause_job(name text, reason text DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- for a session that has changed the job and does not commit
AS $$
#variable_conflict use_column
BEGIN
    PERFORM barycenter_jobs.find_job(pause_job.name);
    IF pause_job.until <= now() THEN
        RAISE EXCEPTION 'The pause would end at %, which is past', pause_job.until
        USING ERRCODE = 'JB014', HINT = 'Give a time that lies ahead, or none.';
    END IF;
    UPDATE barycenter_jobs.job
    SET enabled = false, pause_reason = pause_job.reason, paused_until = pause_job.until
    WHERE name = pause_job.name;
    RETURN format(
        'Job %s is paused %s. CALL run_job(%L) still runs it.',
        pause_job.name, coalesce('until ' || pause_job.until, 'until resume_job'), pause_job.name
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.pause_job(text, text, timestamptz) IS
    'Pauses a job: pg_cron does not start it until resume_job, or until the time given. A run that is going on goes on, and the job can still be run by hand. job_change records who, when and why. Errors: JB001 unknown job; JB014 an end that is past.';
