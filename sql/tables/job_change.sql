CREATE TABLE barycenter_jobs.job_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_name text NOT NULL,
    action text NOT NULL
        CONSTRAINT job_change_action_is_known CHECK (action IN ('create', 'update', 'drop', 'cancel')),
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by name NOT NULL DEFAULT session_user,
    application_name text NOT NULL DEFAULT current_setting('application_name'),
    old_values jsonb,
    new_values jsonb,
    execution_id bigint,
    CONSTRAINT job_change_of_an_execution_is_a_cancel CHECK ((execution_id IS NOT NULL) = (action = 'cancel'))
);

CREATE INDEX job_change_job_name_changed_at_idx ON barycenter_jobs.job_change (job_name, changed_at);
CREATE INDEX job_change_schedule_idx ON barycenter_jobs.job_change (job_name, changed_at)
WHERE new_values ?| ARRAY['schedule', 'enabled'];
CREATE INDEX job_change_execution_id_idx ON barycenter_jobs.job_change (execution_id) WHERE execution_id IS NOT NULL;

COMMENT ON TABLE barycenter_jobs.job_change IS
    'Who created, dropped, paused, resumed, rescheduled, set or cancelled what, and when. A trigger on job writes it, and cancel_job.';
COMMENT ON COLUMN barycenter_jobs.job_change.action IS 'What was done to the row in job; or cancel, for a run.';
COMMENT ON COLUMN barycenter_jobs.job_change.changed_by IS 'The role that was logged in.';
COMMENT ON COLUMN barycenter_jobs.job_change.application_name IS 'The application_name of the client.';
COMMENT ON COLUMN barycenter_jobs.job_change.old_values IS 'The settings that changed, as they were.';
COMMENT ON COLUMN barycenter_jobs.job_change.new_values IS 'The same settings, as they are since.';
COMMENT ON COLUMN barycenter_jobs.job_change.execution_id IS 'The run that was cancelled.';
