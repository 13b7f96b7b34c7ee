-- No foreign key: its lock on the run's row, beside two skipped starts that are counted there, makes PostgreSQL fail
-- ("new multixact has more than one updating member").
CREATE TABLE barycenter_jobs.walk (
    execution_id bigint PRIMARY KEY,
    kind text NOT NULL
        CONSTRAINT walk_kind_is_known CHECK (kind IN ('partitions', 'pages', 'key', 'collected')),
    key_column name,
    next_place text,
    last_place text NOT NULL DEFAULT '',
    batch_size bigint NOT NULL DEFAULT 1,
    expected_rows bigint NOT NULL DEFAULT 0,
    can_be_refused boolean NOT NULL DEFAULT false,
    has_staying_rows boolean NOT NULL DEFAULT false,
    started_by xid NOT NULL DEFAULT pg_current_xact_id()::xid,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
WITH (fillfactor = 50);

COMMENT ON TABLE barycenter_jobs.walk IS
    'How far each running execution has come through its table. The row goes when the run ends.';
COMMENT ON COLUMN barycenter_jobs.walk.execution_id IS 'The run, in job_execution.';
COMMENT ON COLUMN barycenter_jobs.walk.kind IS
    'partitions: those that go as a whole, before the walk through the rows. pages: through the table from end to end. key: along an index. collected: through the rows in found.';
COMMENT ON COLUMN barycenter_jobs.walk.key_column IS 'For kind key: the column whose index the walk follows.';
COMMENT ON COLUMN barycenter_jobs.walk.next_place IS
    'Where the next batch begins: a page number, a value of key_column, or found.place; or the oid of the last partition tried. Null: there is no more.';
COMMENT ON COLUMN barycenter_jobs.walk.last_place IS 'Where the walk ends, fixed at its start.';
COMMENT ON COLUMN barycenter_jobs.walk.batch_size IS 'Size of the next batch: pages, rows, or places in found.';
COMMENT ON COLUMN barycenter_jobs.walk.expected_rows IS 'For kind key: how many rows the planner expected to be deleted.';
COMMENT ON COLUMN barycenter_jobs.walk.can_be_refused IS
    'True: the table has a trigger or a rule that can silently keep a row, so each batch looks whether one stayed.';
COMMENT ON COLUMN barycenter_jobs.walk.has_staying_rows IS
    'For kind collected: a row was refused or held, so from then on each row is checked for whether it must stay, too.';
COMMENT ON COLUMN barycenter_jobs.walk.started_by IS
    'For kind collected: the transaction that collected. A row that is at a collected ctid, and younger, is another one.';
COMMENT ON COLUMN barycenter_jobs.walk.noticed_at IS 'When psql was last sent a NOTICE of the progress.';
