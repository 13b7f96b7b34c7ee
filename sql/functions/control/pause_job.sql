CREATE FUNCTION barycenter_jobs.pause_job(p_job_name text, p_reason text DEFAULT NULL, p_until timestamptz DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- for a session that has changed the job and does not commit
AS $$
BEGIN
    PERFORM barycenter_jobs.find_job(p_job_name);
    IF p_until <= now() THEN
        RAISE EXCEPTION 'The pause would end at %, which is past', p_until
        USING ERRCODE = 'JB014', HINT = 'Give a time that lies ahead, or none.';
    END IF;
    UPDATE barycenter_jobs.job
    SET enabled = false, pause_reason = p_reason, paused_until = p_until
    WHERE name = p_job_name;
    RETURN format(
        'Job %s is paused %s. CALL run_job(%L) still runs it.',
        p_job_name, coalesce('until ' || p_until, 'until resume_job'), p_job_name
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.pause_job(text, text, timestamptz) IS
    'Pauses a job: pg_cron does not start it until resume_job, or until p_until. A run that is going on goes on, and the job can still be run by hand. job_change records who, when and p_reason. Errors: JB001 unknown job; JB014 an end that is past.';
