"""What differs between versions of pg_cron, and between its two ways to connect. Each on a server of its own."""

import re

import psycopg
import pytest
from alembic import command
from alembic.util import CommandError

from ..cluster import Cluster, Connection, running, until
from ..conftest import CHALLENGES, SESSIONS, add_sessions, alembic, executions, migrate, trigger


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


def test_the_background_workers_of_pg_cron_1_4_wait_for_the_longest_job_and_no_others_do() -> None:
    """The figure that the README gives; a server with ``cron.use_background_workers = on``."""
    with running("test-workers", "cron.use_background_workers=on") as cluster:
        migrate(cluster)
        with cluster.connect() as owner:
            add_sessions(owner, 1, -10)
            with trigger(owner, "PERFORM pg_sleep(8)"):
                owner.execute(
                    "UPDATE job SET enabled = true, schedule = '* * * * *' WHERE name IN (%s, %s)",
                    [SESSIONS, CHALLENGES],
                )
                both = (SESSIONS, CHALLENGES)
                until(lambda: all((ran := executions(owner, name)) and ran[0].completed_at for name in both), 90)
            slow, quick = executions(owner)[0], executions(owner, CHALLENGES)[0]
            assert (slow.success, quick.success) == (True, True)
            apart = abs((quick.started_at - slow.started_at).total_seconds())
            print(f"pg_cron {version(owner)}: the quick job started {apart:.1f} seconds after or before the slow one")
            if version(owner) < (1, 5) and quick.started_at > slow.started_at:
                assert apart > 7
            else:
                assert apart < 1


def test_the_time_zone_is_pg_crons_where_it_knows_one_and_refused_where_not() -> None:
    with running("test-timezone", "cron.timezone=Asia/Kolkata") as cluster, cluster.connect() as owner:
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
