-- Unlogged: it is of use to a run that goes on, and no run survives a crash.
CREATE UNLOGGED TABLE barycenter_jobs.found (
    execution_id bigint,
    place bigint,
    row_ids tid[] NOT NULL,
    PRIMARY KEY (execution_id, place)
);

COMMENT ON TABLE barycenter_jobs.found IS
    'The rows that a running execution is to delete, for jobs whose view cannot be deleted from directly. They go when the run ends.';
COMMENT ON COLUMN barycenter_jobs.found.execution_id IS 'The run, in job_execution.';
COMMENT ON COLUMN barycenter_jobs.found.place IS 'Place in the order of deletion, from 0.';
COMMENT ON COLUMN barycenter_jobs.found.row_ids IS 'Up to a hundred rows, by their ctid in the target table, in the order of deletion.';
