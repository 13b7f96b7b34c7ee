CREATE FUNCTION barycenter_jobs.may_start(p_job barycenter_jobs.job)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT p_job.enabled AND p_job.paused_until <= now() THEN
        UPDATE barycenter_jobs.job SET enabled = true, paused_until = NULL, pause_reason = NULL WHERE name = p_job.name;
    ELSIF NOT p_job.enabled THEN
        RETURN false;
    END IF;
    -- Where pg_cron is in another database, its entries may be older than the catalogue.
    RETURN barycenter_jobs.pg_cron_is_here() OR barycenter_jobs.next_run(
        p_job.schedule, barycenter_jobs.last_sign_of(p_job.name)
    ) <= now();
END
$$;

COMMENT ON FUNCTION barycenter_jobs.may_start(barycenter_jobs.job) IS
    'Whether a start by pg_cron is due. Resumes a job whose pause has ended by itself.';
