CREATE FUNCTION barycenter_jobs.configure_job(
    name text,
    retention interval DEFAULT NULL,
    history_retention interval DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' -- see pause_job
AS $$
#variable_conflict use_column
DECLARE
    v_job barycenter_jobs.job := barycenter_jobs.find_job(configure_job.name);
BEGIN
    IF configure_job.retention IS NOT NULL AND v_job.retention IS NULL THEN
        RAISE EXCEPTION 'Job % has no retention: its view asks for none', configure_job.name
        USING ERRCODE = 'JB014', HINT = 'SELECT name, retention FROM job shows which jobs have one.';
    END IF;
    UPDATE barycenter_jobs.job
    SET
        retention = coalesce(configure_job.retention, retention),
        history_retention = coalesce(configure_job.history_retention, history_retention)
    WHERE name = configure_job.name
    RETURNING * INTO v_job;
    RETURN format('Job %s: retention %s, history_retention %s.', configure_job.name, coalesce(v_job.retention::text, 'none'), v_job.history_retention);
EXCEPTION
    WHEN check_violation THEN
        RAISE EXCEPTION 'A setting is out of range'
        USING
            ERRCODE = 'JB014',
            HINT = 'Give a retention from 0 to 10 years, and a history_retention from 1 second to 100 years.';
END
$$;

COMMENT ON FUNCTION barycenter_jobs.configure_job(text, interval, interval) IS
    'Sets how long the job keeps rows before they are due (retention), and its own history (history_retention); null leaves a setting as it is. job_change records who and when. Errors: JB001 unknown job; JB014 a job without retention, or a setting out of range.';
