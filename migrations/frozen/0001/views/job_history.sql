CREATE VIEW barycenter_jobs.job_history AS
SELECT
    execution.id,
    execution.job_name AS job,
    date_trunc('second', execution.started_at) AS started,
    CASE
        WHEN execution.success THEN 'succeeded'
        WHEN execution.error_code = 'JB007' THEN 'cancelled'
        WHEN execution.error_code = 'JB003' THEN 'lost'
        WHEN execution.completed_at IS NOT NULL THEN 'failed'
        WHEN barycenter_jobs.is_lost(execution.id) THEN 'lost'
        ELSE format('running, %s %%', round(execution.progress::numeric))
    END AS status,
    date_trunc('milliseconds', coalesce(execution.completed_at, clock_timestamp()) - execution.started_at) AS duration,
    execution.records_processed AS rows,
    CASE WHEN execution.scheduled THEN 'schedule' ELSE concat_ws(' ', execution.started_by, nullif(execution.application_name, '')) END AS who,
    coalesce(
        execution.error_message, 'dropped ' || array_to_string(nullif(execution.dropped_partitions, '{}'), ', ')
    ) AS why
FROM public.job_execution AS execution
ORDER BY execution.started_at DESC, execution.id DESC;

COMMENT ON VIEW barycenter_jobs.job_history IS
    'The log for people, newest first: SELECT * FROM job_history LIMIT 20.';
COMMENT ON COLUMN barycenter_jobs.job_history.id IS 'job_execution.id.';
COMMENT ON COLUMN barycenter_jobs.job_history.job IS 'The job''s name.';
COMMENT ON COLUMN barycenter_jobs.job_history.started IS 'When the run started, to the second.';
COMMENT ON COLUMN barycenter_jobs.job_history.status IS 'succeeded, failed, cancelled, lost, or running and how far.';
COMMENT ON COLUMN barycenter_jobs.job_history.duration IS 'How long it took, or has taken so far.';
COMMENT ON COLUMN barycenter_jobs.job_history.rows IS 'Rows deleted.';
COMMENT ON COLUMN barycenter_jobs.job_history.who IS 'schedule, or the role and the application that started it.';
COMMENT ON COLUMN barycenter_jobs.job_history.why IS 'Why it failed; or which partitions it dropped, whose rows are not counted.';
