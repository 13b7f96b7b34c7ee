"""Runs whose end nobody could write: seen at once, closed by the next run, finished by it."""

from collections.abc import Callable

import psycopg
import pytest

from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, MANY, SESSIONS, Run, add_many_batches, add_sessions, count, executions, trigger


def kill(cluster: Cluster, pid: int) -> None:
    cluster.kill(pid)


def terminate(cluster: Cluster, pid: int) -> None:
    with cluster.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.parametrize("end", [kill, terminate])
def test_a_run_whose_backend_dies_is_lost_at_once_and_finished_by_the_next(
    database: Cluster, end: Callable[[Cluster, int], None]
) -> None:
    with database.connect() as owner:
        add_many_batches(owner)
        add_sessions(owner, 50, 3600)
        with trigger(owner, "PERFORM pg_sleep(0.1)"):
            run = Run(database)
            until(lambda: executions(owner) and executions(owner)[0].records_processed >= 20)
            end(database, run.pid)
            assert run.end() is not None
            database.wait()

    with database.connect() as owner:
        [row] = executions(owner)
        assert row.completed_at is None
        assert row.records_processed == MANY + 50 - count(owner, "sessions")
        status = owner.execute("SELECT * FROM job_status WHERE name = %s", [SESSIONS]).fetchone()
        assert status is not None
        assert (status.running_execution, status.lost) == (row.id, True)

        owner.execute("CALL run_job(%s)", [SESSIONS])
        lost, done = executions(owner)
        assert (lost.success, lost.error_code) == (False, "JB003")
        assert lost.error_message.startswith(f"Lost: server process {row.backend_pid} ended")
        assert lost.records_processed == row.records_processed
        assert (done.success, done.records_processed) == (True, MANY - row.records_processed)
        assert count(owner, "sessions") == 50


def test_a_run_that_was_interrupted_between_batches_is_lost_although_its_session_lives(
    owner: Connection, operator: Connection
) -> None:
    with pytest.raises(psycopg.Error, match="between batches"):
        operator.execute(
            "DO $$ BEGIN PERFORM start_execution('cleanup_expired_sessions', NULL);"
            " COMMIT; RAISE EXCEPTION 'between batches'; END $$"
        )
    [row] = executions(owner)
    assert row.completed_at is None
    assert owner.execute("SELECT is_lost(%s)", [row.id]).fetchone() == (True,)
    with operator.transaction():  # whatever else that session does
        operator.execute("SELECT 1")
        assert owner.execute("SELECT is_lost(%s)", [row.id]).fetchone() == (True,)
        owner.execute("CALL run_job(%s)", [SESSIONS])
    assert [row.success for row in executions(owner)] == [False, True]


def test_a_run_of_another_job_closes_a_lost_one_too(owner: Connection) -> None:
    owner.execute(f"SELECT start_execution('{SESSIONS}', NULL)")
    owner.execute("CALL run_job(%s)", [CHALLENGES])
    assert executions(owner)[0].error_code == "JB003"


def test_a_run_that_is_alive_is_never_called_lost(database: Cluster, owner: Connection) -> None:
    looks = 0
    for _ in range(5):
        add_many_batches(owner)
        run = Run(database)
        while run.is_alive():
            # One statement, so one snapshot: is_lost must not trip over what ends in between.
            for row in owner.execute("SELECT id, is_lost(id) FROM job_execution WHERE completed_at IS NULL").fetchall():
                assert not row.is_lost
                looks += 1
        assert run.end() is None
    assert looks > 20


def test_a_look_at_the_activity_before_a_run_starts_does_not_make_it_look_lost(
    database: Cluster, owner: Connection
) -> None:
    add_sessions(owner, 5, -10)
    with database.connect() as watcher, watcher.transaction():
        watcher.execute("SELECT count(*) FROM pg_stat_activity")  # which PostgreSQL remembers for the transaction
        with trigger(owner, "PERFORM pg_sleep(1)"):
            run = Run(database)
            until(lambda: executions(owner))
            assert watcher.execute("SELECT name FROM job_status WHERE lost").fetchall() == []
            assert run.end() is None


@pytest.mark.parametrize("process", ["checkpointer", "client backend"])
def test_a_process_id_that_somebody_else_has_by_now_does_not_keep_a_lost_run_alive(
    owner: Connection, process: str
) -> None:
    owner.execute(
        "INSERT INTO job_execution (job_name, started_at, scheduled, started_by, application_name, backend_pid)"
        " SELECT %s, now() - interval '3 days', false, 'x', 'x', pid"
        " FROM pg_stat_activity WHERE backend_type = %s LIMIT 1",
        [SESSIONS, process],
    )
    assert owner.execute("SELECT lost FROM job_status WHERE name = %s", [SESSIONS]).fetchone() == (True,)
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert [row.success for row in executions(owner)] == [False, True]
