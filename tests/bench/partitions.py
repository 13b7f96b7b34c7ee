"""A partition whose every row has expired: dropped, and deleted from."""

from .measured import ROUNDS, ROWS, Connection, Sample, clock, ratio, settle
from .report import Report

DECLARE = """
    CREATE TABLE events (id bigint, expires_at bigint, payload text, PRIMARY KEY (id, expires_at))
        PARTITION BY RANGE (expires_at);
    CREATE INDEX ON events (expires_at);
    CREATE TABLE events_later PARTITION OF events FOR VALUES FROM (1000000000) TO (MAXVALUE);
    CREATE VIEW expired_events AS
        SELECT ctid AS row_id, expires_at FROM events
        WHERE expires_at < (SELECT floor(date_part('epoch', now()))::bigint);
    CREATE VIEW expired_events_partitions AS
        SELECT partition FROM range_partitions('events')
        WHERE upper_bound::bigint <= (SELECT floor(date_part('epoch', now()))::bigint);
    SELECT create_job('cleanup_expired_events', expired => 'expired_events', schedule => '0 0 29 2 *',
        description => 'Clean up expired events', expired_partitions => 'expired_events_partitions');
"""
FILL = """
    CREATE TABLE events_past PARTITION OF events FOR VALUES FROM (0) TO (1000000000);
    INSERT INTO events SELECT n, n, 'what happened' FROM generate_series(1, %s) AS n
"""


def dropping(owner: Connection, report: Report) -> None:
    owner.execute(DECLARE)
    deleted: list[float] = []
    dropped: list[float] = []
    for _ in range(ROUNDS):
        for times, statement in (
            (deleted, "DELETE FROM events WHERE expires_at < 1000000000"),
            (dropped, "CALL run_job('cleanup_expired_events')"),
        ):
            owner.execute("DROP TABLE IF EXISTS events_past")
            for each in FILL.split(";"):
                owner.execute(each.encode(), [ROWS] if "%s" in each else None)
            settle(owner, "events")
            times.append(clock(lambda statement=statement: owner.execute(statement.encode())))  # type: ignore[misc]
            assert owner.execute("SELECT FROM expired_events LIMIT 1").fetchone() is None
    owner.execute("SELECT drop_job('cleanup_expired_events')")
    report.heading(f"A partition of {ROWS:,} rows that have all expired")
    report.table(
        ["DELETE, ms", "run_job that drops it, ms", "ratio"],
        [[str(Sample(deleted)), str(Sample(dropped)), f"{ratio(deleted, dropped):,.0f}"]],
    )
