CREATE FUNCTION barycenter_jobs.cron_entries()
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_is_here boolean := barycenter_jobs.pg_cron_is_here();
    v_database text := current_database();
    -- pg_cron never prunes its own log, and run_job cannot reach it in another database.
    v_prune text := format(
        'DELETE FROM cron.job_run_details WHERE database = %L AND username = current_user'
        ' AND (command LIKE ''CALL barycenter_jobs.%%'' OR command LIKE ''DELETE FROM cron.job_run_details WHERE %%'')'
        ' AND runid <= (SELECT max(runid) FROM cron.job_run_details WHERE start_time < now() - interval ''7 days'')',
        v_database
    );
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'database', v_database,
            'cron_database', current_setting('cron.database_name'),
            'owner', (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'barycenter_jobs'),
            'host', current_setting('cron.host'),
            'port', current_setting('port')::integer,
            'prune', v_prune,
            'entries', coalesce(jsonb_agg(jsonb_build_object(
                'names', barycenter_jobs.cron_job_names(entry.name),
                'schedule', entry.schedule,
                'command', entry.command,
                'database', entry.database
            ) ORDER BY entry.name), '[]')
        )
        FROM (
            SELECT job.name, job.schedule, barycenter_jobs.cron_command(job.name) AS command, v_database AS database
            FROM barycenter_jobs.job
            WHERE job.enabled OR job.paused_until IS NOT NULL -- the start that finds the pause over ends it
            UNION ALL
            SELECT extra.name, extra.schedule, extra.command, extra.database
            FROM (
                VALUES
                ('run_overdue_job', '* * * * *', 'CALL barycenter_jobs.run_overdue_job()', v_database),
                ('prune_job_run_details', '7 3 * * *', v_prune, current_setting('cron.database_name'))
            ) AS extra (name, schedule, command, database)
            WHERE NOT v_is_here
        ) AS entry
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.cron_entries() IS
    'What cron.job should contain for this database: entries with their names in order of preference, and whose they are. reconcile_cron''s argument.';
