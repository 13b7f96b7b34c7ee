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
    ) AS failures_in_a_row
FROM public.job
LEFT JOIN LATERAL (
    SELECT
        execution.*,
        public.is_lost(execution.id) AS lost
    FROM public.job_execution AS execution
    WHERE execution.job_name = job.name AND execution.completed_at IS NULL
) AS unfinished ON true
LEFT JOIN LATERAL (
    SELECT execution.started_at
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
ORDER BY job.position;

COMMENT ON VIEW public.job_status IS
    'One row a job: its schedule, what runs now, and how its last runs ended.';
COMMENT ON COLUMN public.job_status.running_execution IS 'job_execution.id of the unfinished run, if there is one.';
COMMENT ON COLUMN public.job_status.lost IS
    'True: the unfinished run''s backend is gone. The next run of any job closes its row.';
COMMENT ON COLUMN public.job_status.last_success_at IS 'Start of the last run that succeeded.';
COMMENT ON COLUMN public.job_status.last_error_at IS 'Start of the last run that failed.';
COMMENT ON COLUMN public.job_status.failures_in_a_row IS 'Failed runs since the last success.';
