CREATE TABLE public.job (
    name text PRIMARY KEY
        CONSTRAINT job_name_is_an_identifier CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    description text NOT NULL,
    schedule text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    position smallint NOT NULL UNIQUE,
    target name NOT NULL,
    expired name NOT NULL,
    looks_ahead boolean NOT NULL DEFAULT false,
    batch_size integer NOT NULL DEFAULT 10000
        CONSTRAINT job_batch_size_is_positive CHECK (batch_size > 0),
    grace_period interval
        CONSTRAINT job_grace_period_is_not_negative CHECK (grace_period >= '0'),
    keep_history interval NOT NULL DEFAULT '1 year'
        CONSTRAINT job_keep_history_is_positive CHECK (keep_history > '0')
);

COMMENT ON TABLE public.job IS
    'The catalogue: one row a job, and the settings of its runs. cron.job follows it by itself.';
COMMENT ON COLUMN public.job.name IS
    'The job''s name, and that of the function that cleans up: name(p_first_key bigint, p_last_key bigint, p_limit integer), which returns deleted, error_code and error_message, the last two of the first row that could not be deleted.';
COMMENT ON COLUMN public.job.description IS 'What the job does, for people.';
COMMENT ON COLUMN public.job.schedule IS 'When it runs: five-field cron, in pg_cron''s time zone (UTC unless cron.timezone says otherwise); or ''30 seconds'', from pg_cron 1.5 on.';
COMMENT ON COLUMN public.job.enabled IS 'False: pg_cron does not start it. It can still be run by hand.';
COMMENT ON COLUMN public.job.position IS 'Place in lists.';
COMMENT ON COLUMN public.job.target IS
    'The table that a run walks, in the order of its column expires_at (bigint, Unix epoch seconds).';
COMMENT ON COLUMN public.job.expired IS 'The view of what the job would delete now.';
COMMENT ON COLUMN public.job.looks_ahead IS
    'True: a run also looks at rows whose expires_at lies ahead, because the job has a second reason to delete.';
COMMENT ON COLUMN public.job.batch_size IS 'Rows that one transaction of a run looks at, at most.';
COMMENT ON COLUMN public.job.grace_period IS
    'How long a rotated refresh token is kept after its successor was issued, so that a replay is still detected. Null for jobs without such a rule.';
COMMENT ON COLUMN public.job.keep_history IS 'How long the job''s rows stay in job_execution.';
