"""pg_cron: the schedule follows the catalogue, and the database runs its jobs by itself."""

from datetime import timedelta

import pytest

from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, SCHEDULES, SESSIONS, add_sessions, executions, trigger


def scheduled(owner: Connection) -> dict[str, str]:
    return {
        row.jobname: row.schedule
        for row in owner.execute("SELECT jobname, schedule FROM cron.job WHERE active").fetchall()
    }


def test_the_schedule_is_the_catalogues(owner: Connection) -> None:
    owner.execute("UPDATE job SET enabled = true")
    assert scheduled(owner) == SCHEDULES
    owner.execute("UPDATE job SET enabled = false WHERE name = %s", [SESSIONS])
    assert SESSIONS not in scheduled(owner)
    owner.execute("UPDATE job SET enabled = true, schedule = '1 2 3 4 5' WHERE name = %s", [SESSIONS])
    assert scheduled(owner) == {**SCHEDULES, SESSIONS: "1 2 3 4 5"}
    owner.execute("UPDATE job SET schedule = '0 * * * *' WHERE name = %s", [SESSIONS])
    assert scheduled(owner) == SCHEDULES


def test_a_sync_without_a_difference_changes_nothing(owner: Connection) -> None:
    owner.execute("UPDATE job SET enabled = true")
    before = owner.execute("SELECT * FROM cron.job ORDER BY jobid").fetchall()
    owner.execute("SELECT sync_schedule()")
    assert owner.execute("SELECT * FROM cron.job ORDER BY jobid").fetchall() == before


def test_other_peoples_jobs_are_left_alone(owner: Connection) -> None:
    owner.execute("SELECT cron.schedule('report', '0 4 * * *', 'SELECT 1')")
    try:
        owner.execute("UPDATE job SET enabled = true")
        assert scheduled(owner) == {**SCHEDULES, "report": "0 4 * * *"}
        owner.execute("UPDATE job SET enabled = false")
        assert scheduled(owner) == {"report": "0 4 * * *"}
    finally:
        owner.execute("SELECT cron.unschedule('report')")


@pytest.mark.parametrize("change", ["nodeport = 1", "database = 'renamed'", "nodename = '192.0.2.1'"])
def test_jobs_follow_a_server_or_a_database_that_moves(database: Cluster, owner: Connection, change: str) -> None:
    owner.execute("UPDATE job SET enabled = true")
    query = "SELECT jobname, nodename, nodeport, database FROM cron.job ORDER BY jobname"
    before = owner.execute(query).fetchall()
    with database.connect(database.superuser) as superuser:
        superuser.execute("UPDATE cron.job SET " + change)
        assert owner.execute(query).fetchall() != before
    owner.execute("SELECT sync_schedule()")
    assert owner.execute(query).fetchall() == before


def test_pg_cron_starts_the_jobs_by_itself_and_two_run_side_by_side(database: Cluster) -> None:
    with database.connect() as owner:
        add_sessions(owner, 10, -10)
        with trigger(owner, "PERFORM pg_sleep(3)"):
            owner.execute(
                "UPDATE job SET enabled = true, schedule = '* * * * *' WHERE name IN (%s, %s)", [SESSIONS, CHALLENGES]
            )
            try:
                until(lambda: executions(owner) and executions(owner)[0].completed_at, seconds=75)
            finally:
                owner.execute("UPDATE job SET enabled = false, schedule = '0 * * * *' WHERE name = %s", [SESSIONS])
                owner.execute("UPDATE job SET enabled = false, schedule = '*/5 * * * *' WHERE name = %s", [CHALLENGES])
        slow, quick = executions(owner)[0], executions(owner, CHALLENGES)[0]
        assert (slow.success, slow.records_processed, slow.scheduled, slow.started_by) == (True, 10, True, "barycenter")
        assert (quick.success, quick.scheduled) == (True, True)
        assert abs(slow.started_at - quick.started_at) < timedelta(seconds=1)
        assert quick.completed_at < slow.completed_at
