CREATE TABLE public.job_execution (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_name text NOT NULL,
    started_at timestamptz NOT NULL,
    completed_at timestamptz,
    success boolean,
    error_message text,
    records_processed bigint NOT NULL DEFAULT 0,
    error_code text,
    scheduled boolean NOT NULL,
    started_by name NOT NULL,
    application_name text NOT NULL,
    request_id uuid,
    backend_pid integer NOT NULL,
    skipped_starts integer NOT NULL DEFAULT 0,
    dropped_partitions text[] NOT NULL DEFAULT '{}',
    progress real,
    expected_end timestamptz,
    CONSTRAINT job_execution_ends_after_its_start CHECK (completed_at >= started_at),
    CONSTRAINT job_execution_progress_is_a_percentage CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT job_execution_has_a_success_when_completed CHECK ((success IS NULL) = (completed_at IS NULL)),
    CONSTRAINT job_execution_has_an_error_when_failed CHECK (
        (error_code IS NULL) = (error_message IS NULL)
        AND CASE success WHEN true THEN error_code IS NULL WHEN false THEN error_code IS NOT NULL ELSE true END
    )
);

-- One run of a job at a time, whoever starts it.
CREATE UNIQUE INDEX job_execution_running_key ON public.job_execution (job_name) WHERE completed_at IS NULL;
CREATE INDEX job_execution_started_at_idx ON public.job_execution (started_at, id);
CREATE INDEX job_execution_job_name_started_at_idx ON public.job_execution (job_name, started_at, id);
CREATE INDEX job_execution_failure_started_at_idx ON public.job_execution (started_at, id) WHERE NOT success;
CREATE INDEX job_execution_failure_idx ON public.job_execution (job_name, started_at, id) WHERE NOT success;
-- job_status asks for the last success, and jobLogs(status: LOST) for what is rare among years of rows.
CREATE INDEX job_execution_success_idx ON public.job_execution (job_name, started_at, id) WHERE success;
CREATE INDEX job_execution_error_code_idx ON public.job_execution (error_code, started_at, id) WHERE NOT success;

COMMENT ON TABLE public.job_execution IS
    'The log: one row per run, written by run_job, and by cancel_job, alone. A batch''s deletes and their count are committed together.';
COMMENT ON COLUMN public.job_execution.id IS 'Number of the run. Ids need not be in the order of started_at.';
COMMENT ON COLUMN public.job_execution.job_name IS 'The job''s name. Rows outlive their job.';
COMMENT ON COLUMN public.job_execution.started_at IS
    'When the CALL reached the server. While it runs, pg_stat_activity.query_start of backend_pid is exactly this time.';
COMMENT ON COLUMN public.job_execution.completed_at IS
    'When the end was recorded. Null while running. For a lost run: when it was found.';
COMMENT ON COLUMN public.job_execution.success IS
    'True: everything that was due at the start, and not held by another transaction, is gone. Null while running.';
COMMENT ON COLUMN public.job_execution.error_message IS
    'Why it failed. While it runs: why it will fail, a row that cannot be deleted. Null on success.';
COMMENT ON COLUMN public.job_execution.records_processed IS
    'Rows deleted and committed. Those of dropped partitions are not counted.';
COMMENT ON COLUMN public.job_execution.error_code IS
    'SQLSTATE of the failure; JB003 is a lost run, JB007 one that was cancelled with cancel_job. Null on success.';
COMMENT ON COLUMN public.job_execution.scheduled IS 'True: pg_cron started it. False: a person or a program did.';
COMMENT ON COLUMN public.job_execution.started_by IS 'The role that was logged in.';
COMMENT ON COLUMN public.job_execution.application_name IS 'The application_name of the client that started it.';
COMMENT ON COLUMN public.job_execution.request_id IS
    'The caller''s own id of its request, by which it finds its run again.';
COMMENT ON COLUMN public.job_execution.backend_pid IS 'The server process that runs it.';
COMMENT ON COLUMN public.job_execution.skipped_starts IS
    'Scheduled starts that were skipped because this run was still going.';
COMMENT ON COLUMN public.job_execution.dropped_partitions IS
    'Partitions that the run dropped as a whole, by name.';
COMMENT ON COLUMN public.job_execution.progress IS
    'How much of the table has been walked, in per cent. Of a run that follows an index: of the rows that the planner expected.';
COMMENT ON COLUMN public.job_execution.expected_end IS 'While running: when it will end, at the pace so far.';
