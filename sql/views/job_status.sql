CREATE VIEW public.job_status AS
SELECT
    job.name,
    CASE
        WHEN unfinished.lost THEN 'lost'
        WHEN unfinished.id IS NOT NULL THEN format('running, %s %%', round(unfinished.progress::numeric))
        WHEN pause.holds THEN concat_ws(
            ' ', 'paused', 'until ' || to_char(job.paused_until, 'YYYY-MM-DD HH24:MI'), '(' || job.pause_reason || ')'
        )
        WHEN health.overdue THEN 'overdue'
        WHEN health.failures_in_a_row > 0 THEN 'failing'
        WHEN last_success.id IS NULL THEN 'not yet run'
        ELSE 'ok'
    END AS status,
    job.schedule,
    NOT pause.holds AS enabled,
    health.next_run_at,
    last_run.started_at AS last_started_at,
    last_success.started_at AS last_success_at,
    last_failure.started_at AS last_error_at,
    last_failure.error_message AS last_error,
    health.failures_in_a_row,
    health.overdue,
    unfinished.id AS running_execution,
    unfinished.started_at AS running_since,
    unfinished.records_processed AS running_records,
    unfinished.progress,
    unfinished.expected_end,
    coalesce(unfinished.lost, false) AS lost,
    CASE WHEN pause.holds THEN job.paused_until END AS paused_until,
    CASE WHEN pause.holds THEN job.pause_reason END AS pause_reason,
    job.description
FROM barycenter_jobs.job
CROSS JOIN LATERAL (
    -- The first start after its end writes the end of a pause down.
    SELECT NOT job.enabled AND coalesce(job.paused_until > now(), true) AS holds
) AS pause
LEFT JOIN LATERAL (
    SELECT
        execution.*,
        barycenter_jobs.is_lost(execution.id) AS lost
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
    WHERE execution.job_name = job.name AND NOT execution.success AND execution.error_code <> 'JB007'
    ORDER BY execution.started_at DESC, execution.id DESC
    LIMIT 1
) AS last_failure ON true
LEFT JOIN LATERAL (
    SELECT
        barycenter_jobs.failures_in_a_row(job.name) AS failures_in_a_row,
        CASE WHEN NOT pause.holds OR job.paused_until IS NOT NULL
            THEN barycenter_jobs.next_run(job.schedule, greatest(now(), job.paused_until))
        END AS next_run_at,
        -- What has been due since the last sign of the job. A start that is a minute late is not yet missed.
        coalesce(
            NOT pause.holds
            AND coalesce(unfinished.lost, true)
            AND barycenter_jobs.next_run(job.schedule, barycenter_jobs.last_sign_of(job.name)) < now() - interval '1 minute',
            false
        ) AS overdue
) AS health ON true
ORDER BY job.position;

COMMENT ON VIEW public.job_status IS
    'One row per job: what it does now, how its last runs ended, and when it runs next.';
COMMENT ON COLUMN public.job_status.name IS 'The job''s name.';
COMMENT ON COLUMN public.job_status.status IS
    'In words: ok, running, failing, overdue, lost, not yet run, or paused, with the end and the reason of the pause.';
COMMENT ON COLUMN public.job_status.schedule IS 'Five-field cron, or an interval (see job.schedule).';
COMMENT ON COLUMN public.job_status.enabled IS 'False: the job is paused.';
COMMENT ON COLUMN public.job_status.next_run_at IS 'When pg_cron starts it next. Null while it is paused without an end.';
COMMENT ON COLUMN public.job_status.last_started_at IS 'Start of the last run, however it ended.';
COMMENT ON COLUMN public.job_status.last_success_at IS 'Start of the last run that succeeded.';
COMMENT ON COLUMN public.job_status.last_error_at IS 'Start of the last run that failed. One that was cancelled has not.';
COMMENT ON COLUMN public.job_status.last_error IS 'Why that run failed.';
COMMENT ON COLUMN public.job_status.failures_in_a_row IS 'Failed runs since the last success, without those that were cancelled.';
COMMENT ON COLUMN public.job_status.overdue IS
    'True: a scheduled start came and went more than a minute ago, and since then, or since the job was resumed or rescheduled, nothing has run it.';
COMMENT ON COLUMN public.job_status.running_execution IS 'job_execution.id of the unfinished run, if there is one.';
COMMENT ON COLUMN public.job_status.running_since IS 'Start of the unfinished run.';
COMMENT ON COLUMN public.job_status.running_records IS 'Rows that it has deleted so far.';
COMMENT ON COLUMN public.job_status.progress IS 'How much of the table it has walked, in per cent.';
COMMENT ON COLUMN public.job_status.expected_end IS 'When it will end, at the pace so far.';
COMMENT ON COLUMN public.job_status.lost IS
    'True: the unfinished run''s backend is gone. The next run of any job closes its row.';
COMMENT ON COLUMN public.job_status.paused_until IS 'When the pause ends by itself.';
COMMENT ON COLUMN public.job_status.pause_reason IS 'Why it is paused.';
COMMENT ON COLUMN public.job_status.description IS 'What the job does.';
