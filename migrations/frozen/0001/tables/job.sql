CREATE TABLE barycenter_jobs.job (
    name text PRIMARY KEY,
    description text NOT NULL,
    schedule text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    paused_until timestamptz,
    pause_reason text,
    position smallint NOT NULL UNIQUE,
    expired regclass NOT NULL,
    target_table text NOT NULL,
    waiting regclass,
    expired_partitions regclass,
    retention interval
        CONSTRAINT job_retention_is_sensible CHECK (retention BETWEEN '0' AND '10 years'),
    history_retention interval NOT NULL DEFAULT '1 year'
        CONSTRAINT job_history_retention_is_sensible CHECK (history_retention BETWEEN '1 second' AND '100 years'),
    batch_time interval NOT NULL DEFAULT '50 milliseconds'
        CONSTRAINT job_batch_time_is_sensible CHECK (batch_time BETWEEN '1 millisecond' AND '10 seconds'),
    CONSTRAINT job_only_a_paused_one_has_a_reason CHECK (NOT enabled OR (paused_until IS NULL AND pause_reason IS NULL))
);

COMMENT ON TABLE barycenter_jobs.job IS
    'The catalogue: one row per job, with the settings of its runs. create_job adds a row; cron.job follows every change.';
COMMENT ON COLUMN barycenter_jobs.job.name IS 'The job''s name, and that of the procedure that pg_cron calls.';
COMMENT ON COLUMN barycenter_jobs.job.description IS 'What the job does, for people.';
COMMENT ON COLUMN barycenter_jobs.job.schedule IS
    'Five-field cron, in pg_cron''s time zone (GMT unless cron.timezone is set); or ''30 seconds'', from pg_cron 1.5 on.';
COMMENT ON COLUMN barycenter_jobs.job.enabled IS 'False: the job is paused. pg_cron does not start it; CALL run_job still does.';
COMMENT ON COLUMN barycenter_jobs.job.paused_until IS 'When the pause ends by itself; the first start after it writes that down. Null: with resume_job only.';
COMMENT ON COLUMN barycenter_jobs.job.pause_reason IS 'Why the job is paused, as given to pause_job.';
COMMENT ON COLUMN barycenter_jobs.job.position IS 'Place in lists.';
COMMENT ON COLUMN barycenter_jobs.job.expired IS 'The view whose rows the job deletes.';
COMMENT ON COLUMN barycenter_jobs.job.target_table IS
    'The table under the view, by its qualified name when the job was declared. A run fails if another table has the name by now.';
COMMENT ON COLUMN barycenter_jobs.job.waiting IS
    'For a view that cannot be deleted from directly, whose rows a run first collects: a view of the rows that must not go as long as they are in it. Null: for a view that can.';
COMMENT ON COLUMN barycenter_jobs.job.expired_partitions IS
    'A view of the partitions, column partition, that a run drops before it deletes rows. Null: none are dropped.';
COMMENT ON COLUMN barycenter_jobs.job.retention IS
    'How long rows are kept before the view shows them: of challenges, since they were created; of rotated refresh tokens, since the successor was issued. Null where the view has no such rule.';
COMMENT ON COLUMN barycenter_jobs.job.history_retention IS 'How long the job''s rows stay in job_execution and job_change.';
COMMENT ON COLUMN barycenter_jobs.job.batch_time IS 'Target duration of one batch, which is one transaction. The size of batches adapts to it.';
