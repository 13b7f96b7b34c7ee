-- Unlogged: it is of use to a run that goes on, and no run survives a crash.
CREATE UNLOGGED TABLE barycenter_jobs.found (
    execution_id bigint NOT NULL,
    place bigint NOT NULL,
    row_id tid NOT NULL,
    row_version xid NOT NULL,
    after_row_id tid,
    stays boolean NOT NULL DEFAULT false
);

-- A fifth of the time that a B-tree takes; rows of one run lie together, in the order of place.
CREATE INDEX found_place_idx ON barycenter_jobs.found USING brin (place) WITH (pages_per_range = 8);

CREATE INDEX found_staying_idx ON barycenter_jobs.found (execution_id, row_id) WHERE stays;

COMMENT ON TABLE barycenter_jobs.found IS
    'The rows that a running execution is to delete, for jobs whose view cannot be deleted from directly. They go when the run ends.';
COMMENT ON COLUMN barycenter_jobs.found.execution_id IS 'The run, in job_execution.';
COMMENT ON COLUMN barycenter_jobs.found.place IS 'Place in the order of deletion, from 1.';
COMMENT ON COLUMN barycenter_jobs.found.row_id IS 'The row''s ctid in the target table.';
COMMENT ON COLUMN barycenter_jobs.found.row_version IS 'The row''s xmin: another row may be at the ctid by the time of deletion.';
COMMENT ON COLUMN barycenter_jobs.found.after_row_id IS 'The ctid of the row that must be gone before this one. Null: none, or, until a row stays, not looked up.';
COMMENT ON COLUMN barycenter_jobs.found.stays IS 'True: the row was refused or held, or is to go after one that was.';
