"""One fault a test; the table in docs/faults.md names them all."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import httpx
import psycopg
import pytest

from ..api.server import serving, start
from ..cluster import Cluster, Connection, until
from ..conftest import SESSIONS, Run, add_sessions, as_pg_cron, count, executions, trigger
from ..ports import free_port, is_listening
from .world import World

TRIGGER = {"query": f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success message }} }}'}


# Of the sixty that are due, one takes long.
SLOW_ROW = "IF OLD.session_id LIKE '%-7' THEN PERFORM pg_sleep({}); END IF"
EACH_ROW = "AFTER DELETE ON sessions FOR EACH ROW"


@pytest.fixture
def world(database: Cluster) -> World:
    world = World(database)
    world.scatter(expired=60, live=30)
    return world


@pytest.mark.parametrize("start_by", ["psql", "schedule"])
@pytest.mark.parametrize("harm", ["kill", "terminate", "cancel", "cancel_job", "crash"])
@pytest.mark.parametrize("delay", [0, 0.15])
def test_a_run_that_comes_to_harm_counts_what_it_deleted_and_the_next_one_does_the_rest(
    world: World, start_by: str, harm: str, delay: float
) -> None:
    world.scatter(expired=300)  # dozens of batches: it is still at work when harm comes, however slowly that does
    with world.cluster.connect() as owner, trigger(owner, "PERFORM pg_sleep(0.04)"):
        assert world.interrupt(getattr(world, start_by), getattr(world, harm), delay)
    world.check()
    with world.cluster.connect() as owner:
        assert len(executions(owner)) <= 1
        assert not any(row.success for row in executions(owner))
    world.check_that_the_next_run_mends_all()


def test_a_run_whose_client_is_gone_goes_on_to_its_end(world: World) -> None:
    world.scatter(expired=500)
    with as_pg_cron(world.cluster), world.cluster.connect() as owner, trigger(owner, "PERFORM pg_sleep(0.2)"):
        call = ["psql", "-X", "-c", f"CALL barycenter_jobs.{SESSIONS}()", world.cluster.owner]
        with subprocess.Popen(call, env={**os.environ, "PGAPPNAME": "pg_cron"}) as client:
            until(lambda: executions(owner))
            client.kill()
        until(lambda: executions(owner)[0].completed_at or count(owner, "expired_sessions") == 0, 60)
        [row] = executions(owner)
        assert (row.success, row.records_processed, row.scheduled) == (True, 560, True)
        assert row.completed_at - row.started_at > timedelta(seconds=8)  # psql would have been told often


@pytest.mark.parametrize("fault", ["lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'"])
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_what_the_database_sets_by_default_does_not_stop_a_run(world: World, fault: str, isolation: str) -> None:
    with world.cluster.connect() as owner:
        owner.execute(f"ALTER DATABASE barycenter SET {fault}")
        owner.execute(f"ALTER DATABASE barycenter SET default_transaction_isolation = '{isolation}'")
        try:
            for begin in (world.psql, world.schedule):
                begin()
                world.add(10, -30)
            world.check_that_the_next_run_mends_all()
            assert len(executions(owner)) == 3
        finally:
            with world.cluster.connect(options="-c lock_timeout=0") as mender:
                mender.execute("ALTER DATABASE barycenter RESET ALL")


def test_a_statement_timeout_between_any_two_steps_leaves_a_true_log(world: World) -> None:
    for milliseconds in range(1, 40, 3):
        world.add(20, -30)
        impatient = world.cluster.connect(options=f"-c statement_timeout={milliseconds}")
        with impatient, suppress(psycopg.errors.QueryCanceled):
            impatient.execute("CALL run_job(%s)", [SESSIONS])
        world.check()
    world.check_that_the_next_run_mends_all()


def test_a_deadlock_with_a_login_is_resolved_in_the_logins_favour(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 1, -20, prefix="first")
    add_sessions(owner, 1, -10, prefix="second")
    with database.connect() as login:
        login.execute("BEGIN")
        login.execute("UPDATE sessions SET expires_at = expires_at + 3600 WHERE session_id LIKE 'second%'")
        run = Run(database)  # takes the first, and meets the second
        until(lambda: executions(owner))
        began = time.monotonic()
        login.execute("UPDATE sessions SET user_agent = 'login' WHERE session_id LIKE 'first%'")
        login.execute("COMMIT")
        assert time.monotonic() - began < 0.9  # before deadlock_timeout, which might have chosen the login
    assert run.end() is None
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert [row.session_id for row in owner.execute("SELECT session_id FROM sessions").fetchall()] == ["second-10-1"]
    assert sum(row.records_processed for row in executions(owner)) == 1


def test_a_row_that_is_held_for_longer_than_a_run_stays_and_goes_with_a_later_one(world: World) -> None:
    with world.cluster.connect() as login:
        login.execute("BEGIN")
        login.execute("SELECT FROM sessions WHERE session_id = 'scattered-1-7' FOR UPDATE")
        for _ in range(2):
            world.psql()
        with world.cluster.connect() as owner:
            assert [row.records_processed for row in executions(owner)] == [59, 0]
            assert count(owner, "expired_sessions") == 1
        login.execute("COMMIT")
    world.check_that_the_next_run_mends_all()


def test_a_log_full_of_failures_slows_down_neither_a_run_nor_the_status(world: World) -> None:
    with world.cluster.connect() as owner:
        owner.execute(
            "INSERT INTO job_execution (job_name, started_at, completed_at, success, error_code, error_message,"
            " scheduled, started_by, application_name, backend_pid)"
            " SELECT %s, now() - n * interval '1 minute', now(), false, 'P0001', 'no', true, 'x', 'x', 1"
            " FROM generate_series(1, 100000) AS n",
            [SESSIONS],
        )
        owner.execute("UPDATE job_execution SET started_at = started_at WHERE id % 7 = 0")
        query = "SELECT failures_in_a_row FROM job_status WHERE name = %s"
        assert owner.execute(query, [SESSIONS]).fetchone() == (100000,)
        began = time.monotonic()
        world.psql()
        assert owner.execute(query, [SESSIONS]).fetchone() == (0,)
        assert time.monotonic() - began < 1
    world.check_that_the_next_run_mends_all()


def test_a_server_that_is_killed_in_mid_trigger_leaves_its_run_to_the_database(world: World) -> None:
    port = free_port()
    with world.cluster.connect() as owner, trigger(owner, SLOW_ROW.format(1.5), EACH_ROW):
        with start(port, world.cluster.app) as server, ThreadPoolExecutor() as executor:
            until(lambda: is_listening(port))
            answer = executor.submit(httpx.post, f"http://127.0.0.1:{port}/admin/jobs", json=TRIGGER, timeout=20)
            until(lambda: executions(owner))
            server.send_signal(signal.SIGKILL)
            assert isinstance(answer.exception(), httpx.TransportError)
        assert executions(owner)[0].completed_at is None
        until(lambda: executions(owner)[0].completed_at)
        [row] = executions(owner)
        assert (row.success, row.records_processed) == (True, 60)
    world.check_that_the_next_run_mends_all()


def test_a_database_that_restarts_in_mid_trigger_is_a_clean_answer_and_the_next_trigger_works(world: World) -> None:
    with world.cluster.connect() as owner, serving(world.cluster.app) as endpoint:
        with trigger(owner, "PERFORM pg_sleep(20)"), ThreadPoolExecutor() as executor:
            answer = executor.submit(httpx.post, endpoint, json=TRIGGER, timeout=30)
            until(lambda: executions(owner))
            world.crash(0)
            world.cluster.wait()
            body = answer.result().json()
        assert body["errors"][0]["extensions"] == {"code": "DATABASE_UNAVAILABLE"}
        world.check()
        until(lambda: "data" in httpx.post(endpoint, json=TRIGGER, timeout=30).json(), 30)
    world.check_that_the_next_run_mends_all()


def test_a_pg_cron_launcher_that_dies_alone_leaves_its_run_to_its_end_and_what_is_missed_shows(world: World) -> None:
    launcher = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_cron launcher'"
    with world.cluster.connect() as owner, world.cluster.connect(world.cluster.superuser) as superuser:
        with trigger(owner, SLOW_ROW.format(2), EACH_ROW):
            owner.execute("UPDATE job SET enabled = true, schedule = '* * * * *' WHERE name = %s", [SESSIONS])
            until(lambda: executions(owner), 70)
            superuser.execute(f"SELECT pg_terminate_backend(pid) FROM ({launcher}) AS launcher")
            until(lambda: not superuser.execute(launcher).fetchall())
            assert executions(owner)[0].completed_at is None
            until(lambda: executions(owner)[0].completed_at, 20)
        [row] = executions(owner)
        assert (row.scheduled, row.success, row.records_processed) == (True, True, 60)

        # As if some minutes had passed: PostgreSQL does not start it again until the server is restarted.
        owner.execute("UPDATE job_change SET changed_at = changed_at - interval '5 minutes'")
        owner.execute(
            "UPDATE job_execution SET started_at = started_at - interval '5 minutes',"
            " completed_at = completed_at - interval '5 minutes'"
        )
        assert owner.execute("SELECT name FROM job_status WHERE overdue").fetchall() == [(SESSIONS,)]
        owner.execute("UPDATE job SET enabled = false, schedule = '0 * * * *' WHERE name = %s", [SESSIONS])
    world.crash(0)
    with world.cluster.connect(world.cluster.superuser) as superuser:
        until(lambda: superuser.execute(launcher).fetchall())
    world.check_that_the_next_run_mends_all()
