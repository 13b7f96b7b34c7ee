CREATE VIEW public.schedule_drift AS
SELECT
    job.name,
    job.schedule,
    scheduled.jobid
FROM (
    SELECT
        name,
        schedule,
        public.cron_command(name) AS command,
        true AS is_as_it_should_be
    FROM public.job
    WHERE enabled
) AS job
FULL JOIN (
    -- pg_cron connects to the host, port and database that it noted when the job was scheduled: where these have
    -- changed (a restore, a rename), it has to be scheduled anew.
    SELECT
        jobid,
        jobname,
        schedule,
        command,
        active
        AND database = current_database()
        AND nodeport = current_setting('port')::integer
        AND nodename = current_setting('cron.host') AS is_as_it_should_be
    FROM cron.job
    WHERE username = current_user AND command LIKE 'CALL public.run_job(%'
) AS scheduled
    ON
        job.name = scheduled.jobname
        AND job.schedule = scheduled.schedule
        AND job.command = scheduled.command
        AND job.is_as_it_should_be = scheduled.is_as_it_should_be
WHERE job.name IS NULL OR scheduled.jobid IS NULL;

COMMENT ON VIEW public.schedule_drift IS
    'Where cron.job does not agree with the catalogue, for its owner: a job that is not scheduled as it should be (jobid is null), or an entry of ours that no job has (name is null). Empty where all is well.';
