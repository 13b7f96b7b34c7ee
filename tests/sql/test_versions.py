"""What differs between versions of pg_cron, and between its two ways to connect. Each on a server of its own."""

import re

import psycopg
import pytest
from alembic import command
from alembic.util import CommandError

from ..cluster import Cluster, Connection, running, until
from ..conftest import CHALLENGES, SESSIONS, add_sessions, alembic, empty, executions, migrate, trigger


def version(owner: Connection) -> tuple[int, ...]:
    [(text,)] = owner.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'pg_cron'").fetchall()
    return tuple(map(int, re.findall("[0-9]+", text)[:2]))


def test_an_interval_in_seconds_runs_where_pg_cron_knows_it_and_is_refused_where_not(
    database: Cluster, owner: Connection, operator: Connection
) -> None:
    reschedule = "SELECT resume_job(%(name)s), reschedule_job(%(name)s, '2 seconds')"
    if version(owner) < (1, 5):
        with pytest.raises(psycopg.Error, match=r"This pg_cron, 1\.4-1, knows no intervals in seconds"):
            operator.execute(reschedule, {"name": SESSIONS})
        return
    operator.execute(reschedule, {"name": SESSIONS})
    until(lambda: len(executions(owner)) >= 3 and executions(owner)[2].completed_at, seconds=20)
    first, second, third = executions(owner)[:3]
    assert all(row.scheduled and row.success for row in (first, second, third))
    assert 1 <= (third.started_at - second.started_at).total_seconds() <= 4
    [status] = owner.execute("SELECT overdue, next_run_at FROM job_status WHERE name = %s", [SESSIONS]).fetchall()
    assert not status.overdue


def test_the_background_workers_of_pg_cron_1_4_wait_for_the_longest_job_and_later_ones_do_not() -> None:
    """What the README says of ``cron.use_background_workers = on``: a job that is due while another runs."""
    with running("test-workers", "cron.use_background_workers=on") as cluster:
        empty(cluster)
        migrate(cluster)
        with cluster.connect() as owner:
            waits = version(owner) < (1, 5)
            schedule, seconds = ("* * * * *", 68) if waits else ("1 second", 5)
            add_sessions(owner, 1, -10)
            with trigger(owner, f"PERFORM pg_sleep({seconds})", "AFTER DELETE ON sessions FOR EACH ROW"):
                owner.execute(
                    "UPDATE job SET enabled = true, schedule = %s WHERE name IN (%s, %s)",
                    [schedule, SESSIONS, CHALLENGES],
                )
                until(lambda: executions(owner) and executions(owner)[0].completed_at, 140)
            [slow] = executions(owner)[:1]
            meanwhile = [
                row for row in executions(owner, CHALLENGES) if slow.started_at < row.started_at < slow.completed_at
            ]
            started_together = [row for row in meanwhile if (row.started_at - slow.started_at).total_seconds() < 0.5]
            assert (meanwhile == started_together) == waits


def test_the_time_zone_is_pg_crons_where_it_knows_one_and_refused_where_not() -> None:
    with running("test-timezone", "cron.timezone=Asia/Kolkata") as cluster, cluster.connect() as owner:
        empty(cluster)
        if version(owner) < (1, 5):
            with pytest.raises(CommandError, match=r"cron\.timezone is set, but pg_cron 1\.4 does not know it"):
                command.upgrade(alembic(cluster.owner), "head")
            return
        migrate(cluster)
        # The next minute but one, in Kolkata; by Greenwich that is five and a half hours off.
        [(schedule, due)] = owner.execute(
            "SELECT to_char(due AT TIME ZONE 'Asia/Kolkata', 'FMMI FMHH24 * * *'), due"
            " FROM (SELECT date_trunc('minute', now() + interval '65 seconds')) AS next (due)"
        ).fetchall()
        owner.execute(
            "SELECT resume_job(%(name)s), reschedule_job(%(name)s, %(to)s)", {"name": SESSIONS, "to": schedule}
        )
        next_run = "SELECT next_run_at FROM job_status WHERE name = %s"
        assert owner.execute(next_run, [SESSIONS]).fetchall() == [(due,)]
        until(lambda: executions(owner) and executions(owner)[0].completed_at, 130)
        [row] = executions(owner)
        assert 0 <= (row.started_at - due).total_seconds() < 2
