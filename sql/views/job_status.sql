CREATE VIEW public.job_status AS
SELECT
    job.name,
    job.description,
    job.schedule,
    job.enabled,
    unfinished.id AS running_execution,
    unfinished.started_at AS running_since,
    unfinished.records_processed AS running_records,
    coalesce(unfinished.lost, false) AS lost,
    last_run.started_at AS last_started_at,
    last_success.started_at AS last_success_at,
    last_failure.started_at AS last_error_at,
    last_failure.error_message AS last_error,
    (
        SELECT count(*)
        FROM public.job_execution AS failure
        WHERE
            failure.job_name = job.name
            AND NOT failure.success
            AND (last_success.id IS NULL OR (failure.started_at, failure.id) > (last_success.started_at, last_success.id))
    ) AS failures_in_a_row,
    CASE WHEN job.enabled THEN public.next_run(job.schedule, now()) END AS next_run_at,
    -- What has been due since the last sign of the job. A start that is a minute late is not yet missed.
    coalesce(
        job.enabled
        AND coalesce(unfinished.lost, true)
        AND public.next_run(
            job.schedule, greatest(last_run.started_at, last_run.completed_at, last_change.changed_at)
        ) < now() - interval '1 minute',
        false
    ) AS overdue
FROM public.job
LEFT JOIN LATERAL (
    SELECT
        execution.*,
        public.is_lost(execution.id) AS lost
    FROM public.job_execution AS execution
    WHERE execution.job_name = job.name AND execution.completed_at IS NULL
) AS unfinished ON true
LEFT JOIN LATERAL (
    SELECT
        execution.started_at,
        execution.completed_at
    FROM public.job_execution AS execution
    WHERE execution.job_name = job.name
    ORDER BY execution.started_at DESC, execution.id DESC
    LIMIT 1
) AS last_run ON true
LEFT JOIN LATERAL (
    SELECT
        execution.id,
        execution.started_at
    FROM public.job_execution AS execution
    WHERE execution.job_name = job.name AND execution.success
    ORDER BY execution.started_at DESC, execution.id DESC
    LIMIT 1
) AS last_success ON true
LEFT JOIN LATERAL (
    SELECT
        execution.started_at,
        execution.error_message
    FROM public.job_execution AS execution
    WHERE execution.job_name = job.name AND NOT execution.success
    ORDER BY execution.started_at DESC, execution.id DESC
    LIMIT 1
) AS last_failure ON true
LEFT JOIN LATERAL (
    SELECT max(change.changed_at) AS changed_at
    FROM public.job_change AS change
    WHERE change.job_name = job.name AND change.new_values ?| ARRAY['schedule', 'enabled']
) AS last_change ON true
ORDER BY job.position;

COMMENT ON VIEW public.job_status IS
    'One row a job: its schedule, what runs now, and how its last runs ended.';
COMMENT ON COLUMN public.job_status.running_execution IS 'job_execution.id of the unfinished run, if there is one.';
COMMENT ON COLUMN public.job_status.lost IS
    'True: the unfinished run''s backend is gone. The next run of any job closes its row.';
COMMENT ON COLUMN public.job_status.last_success_at IS 'Start of the last run that succeeded.';
COMMENT ON COLUMN public.job_status.last_error_at IS 'Start of the last run that failed.';
COMMENT ON COLUMN public.job_status.failures_in_a_row IS 'Failed runs since the last success.';
COMMENT ON COLUMN public.job_status.next_run_at IS 'When pg_cron starts it next. Null while it is paused.';
COMMENT ON COLUMN public.job_status.overdue IS
    'True: a scheduled start came and went more than a minute ago, and since then, or since the job was resumed or rescheduled, nothing has run it.';
