"""Clients that hang up, a server that is stopped, and a database that goes away and comes back."""

import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ..cluster import Cluster, Connection, until
from ..conftest import SESSIONS, add_many_batches, add_sessions, executions, trigger
from ..ports import free_port, is_listening
from .server import LOG, serving, start

TRIGGER = {"query": f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success recordsProcessed }} }}'}
JOBS = {"query": "{ availableJobs { name } }"}


def test_a_client_that_hangs_up_does_not_stop_the_run(owner: Connection, endpoint: str) -> None:
    add_sessions(owner, 50, -10)
    with trigger(owner, "PERFORM pg_sleep(1)"):
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(endpoint, json=TRIGGER, timeout=0.4)
        until(lambda: executions(owner) and executions(owner)[0].completed_at)
    [row] = executions(owner)
    assert (row.success, row.records_processed) == (True, 50)


def test_a_server_that_is_stopped_lets_its_run_go_on(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 50, -10)
    with trigger(owner, "PERFORM pg_sleep(8)"):
        with serving(database.app) as endpoint, pytest.raises(httpx.ReadTimeout):
            httpx.post(endpoint, json=TRIGGER, timeout=2)
        assert executions(owner)[0].completed_at is None
        until(lambda: executions(owner)[0].completed_at)
    [row] = executions(owner)
    assert (row.success, row.records_processed) == (True, 50)


def test_a_second_interrupt_lets_the_run_go_on_as_the_first_does(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 50, -10)
    port = free_port()
    with (
        trigger(owner, "PERFORM pg_sleep(3)"),
        start(port, database.app, stderr=subprocess.DEVNULL) as server,
        ThreadPoolExecutor() as executor,
    ):
        until(lambda: is_listening(port))
        executor.submit(httpx.post, f"http://127.0.0.1:{port}/admin/jobs", json=TRIGGER, timeout=20)
        until(lambda: executions(owner))
        for _ in range(2):
            server.send_signal(signal.SIGINT)
            time.sleep(0.05)
        server.wait(timeout=10)
        assert executions(owner)[0].completed_at is None
        until(lambda: executions(owner)[0].completed_at)
    [row] = executions(owner)
    assert (row.success, row.records_processed) == (True, 50)


def test_a_client_that_hangs_up_within_its_request_is_not_the_servers_error(database: Cluster) -> None:
    with serving(database.app) as endpoint:
        port = int(endpoint.split(":")[2].partition("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(
                b"POST /admin/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b'Content-Length: 100\r\n\r\n{"query"'
            )
        until(lambda: "POST /admin/jobs 400" in LOG.read_text())
    assert '"ERROR"' not in LOG.read_text()


def test_a_database_that_is_down_is_a_clean_error_and_its_return_needs_no_help(
    database: Cluster, endpoint: str
) -> None:
    assert "data" in httpx.post(endpoint, json=JOBS, timeout=20).json()
    database.stop()
    try:
        for request in (JOBS, TRIGGER):
            response = httpx.post(endpoint, json=request, timeout=20)
            assert response.status_code == 200
            [error] = response.json()["errors"]
            assert error["extensions"] == {"code": "DATABASE_UNAVAILABLE"}
            assert "Try again in a moment." in error["message"]
    finally:
        database.start()
    database.wait()
    until(lambda: httpx.post(endpoint, json=JOBS, timeout=20).json().get("data"), seconds=30)


def test_a_database_that_does_not_answer_is_not_waited_for_for_ever(database: Cluster, endpoint: str) -> None:
    with database.connect(database.superuser) as superuser, superuser.transaction():
        superuser.execute("LOCK TABLE job IN ACCESS EXCLUSIVE MODE")
        [error] = httpx.post(endpoint, json=JOBS, timeout=20).json()["errors"]
        assert error["message"] == "The database took longer than 10 seconds to answer."
    assert "data" in httpx.post(endpoint, json=JOBS, timeout=20).json()


def test_a_server_may_start_before_its_database(migrated: Cluster) -> None:
    migrated.stop()
    try:
        with serving(migrated.app) as endpoint:
            assert "errors" in httpx.post(endpoint, json=JOBS, timeout=20).json()
            migrated.start()
            until(lambda: httpx.post(endpoint, json=JOBS, timeout=20).json().get("data"), seconds=30)
    finally:
        migrated.start()


def test_a_database_without_our_migrations_is_told_so(migrated: Cluster) -> None:
    elsewhere = migrated.superuser.rsplit("/", 1)[0] + "/template1"
    with serving(elsewhere) as endpoint:
        [error] = httpx.post(endpoint, json=JOBS, timeout=20).json()["errors"]
    assert error["message"].endswith("Run: alembic upgrade head")


def test_a_run_that_is_cancelled_at_any_moment_answers_no_success_and_why(
    database: Cluster, owner: Connection, endpoint: str
) -> None:
    query = {"query": f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success message }} }}'}
    for _ in range(8):
        owner.execute("TRUNCATE sessions")
        add_many_batches(owner)
        with trigger(owner, "PERFORM pg_sleep(0.05)"), ThreadPoolExecutor() as executor:
            answer = executor.submit(httpx.post, endpoint, json=query, timeout=30)
            until(
                lambda: owner.execute(
                    "SELECT FROM job_execution WHERE completed_at IS NULL AND NOT is_lost(id)"
                ).fetchall()
            )
            with database.connect(database.superuser) as superuser:
                superuser.execute("SELECT pg_cancel_backend(backend_pid) FROM job_execution WHERE completed_at IS NULL")
        result = answer.result().json()["data"]["triggerJob"]
        assert result == {
            "success": False,
            "message": f"Job {SESSIONS} failed: canceling statement due to user request",
        }
