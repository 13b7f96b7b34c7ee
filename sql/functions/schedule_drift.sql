CREATE FUNCTION public.schedule_drift()
RETURNS TABLE (name text, schedule text, jobid bigint)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET row_security = on -- of pg_cron's tables the owner sees its own rows; off, as a caller may have it, is an error there
AS $$
BEGIN
    IF NOT public.pg_cron_is_here() THEN
        RETURN;
    END IF;

    RETURN QUERY
    SELECT
        wanted.name,
        wanted.schedule,
        found.jobid
    FROM (
        SELECT
            job.name,
            job.schedule,
            public.cron_command(job.name, job.schedule) AS command,
            true AS is_as_it_should_be
        FROM public.job
        WHERE job.enabled
    ) AS wanted
    FULL JOIN (
        -- pg_cron connects to the host, port and database that it noted when the job was scheduled: where these have
        -- changed (a restore, a rename), it has to be scheduled anew.
        SELECT
            entry.jobid,
            entry.jobname,
            entry.schedule,
            entry.command,
            entry.active
            AND entry.database = current_database()
            AND entry.nodeport = current_setting('port')::integer
            AND entry.nodename = current_setting('cron.host') AS is_as_it_should_be
        FROM cron.job AS entry
        WHERE
            entry.username = current_user
            AND entry.command LIKE 'CALL public.run_job(%'
            -- Other databases' jobs may be registered here, too; those of one that is gone are nobody's.
            AND (
                entry.database = current_database()
                OR entry.database NOT IN (SELECT datname FROM pg_database)
            )
    ) AS found
        ON
            found.jobname = ANY (public.cron_job_names(wanted.name))
            AND wanted.schedule = found.schedule
            AND wanted.command = found.command
            AND wanted.is_as_it_should_be = found.is_as_it_should_be
    WHERE wanted.name IS NULL OR found.jobid IS NULL;
END
$$;

COMMENT ON FUNCTION public.schedule_drift() IS
    'Where cron.job does not agree with the catalogue, for its owner: a job that is not scheduled as it should be (jobid is null), or an entry of ours that no job has (name is null). Empty where all is well, and where pg_cron is in another database.';
