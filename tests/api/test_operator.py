"""Everything that an operator does, through the API."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from barycenter_jobs import resolvers
from barycenter_jobs.db import Database
from barycenter_jobs.jobs import Jobs
from barycenter_jobs.jobs.executions import Execution

from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, SESSIONS, Run, add_sessions, executions, trigger
from .conftest import Ask
from .server import serving

STATE = """
{ enabled nextRunAt overdue failuresInARow lastExecution { id status } lastSuccess { id } runningExecution { id }
  preview { records oldest } stats { runs failures recordsProcessed durationP50 durationP95 } }
"""


def state(ask: Ask, name: str = SESSIONS) -> dict[str, Any]:
    job: dict[str, Any] = ask(f"query ($name: String!) {{ job(name: $name) {STATE} }}", name=name)["data"]["job"]
    return job


def log(ask: Ask, arguments: str = "", fields: str = "id", **variables: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask(f"{{ jobLogs{arguments} {{ {fields} }} }}", **variables)["data"]["jobLogs"]
    return rows


def change(ask: Ask, call: str) -> dict[str, Any]:
    result: dict[str, Any] = ask(f"mutation {{ change: {call} {{ success message job {{ enabled schedule }} }} }}")
    changed: dict[str, Any] = result["data"]["change"]
    return changed


def test_a_job_says_how_it_stands(ask: Ask, owner: Connection) -> None:
    add_sessions(owner, 7, -100)
    assert state(ask) == {
        "enabled": False,
        "nextRunAt": None,
        "overdue": False,
        "failuresInARow": 0,
        "lastExecution": None,
        "lastSuccess": None,
        "runningExecution": None,
        "preview": {"records": 7, "oldest": state(ask)["preview"]["oldest"]},
        "stats": {"runs": 0, "failures": 0, "recordsProcessed": 0, "durationP50": None, "durationP95": None},
    }
    owner.execute(f"CALL run_job('{SESSIONS}')")
    add_sessions(owner, 2, -10)
    with trigger(owner, "RAISE EXCEPTION 'no'"), pytest.raises(Exception, match="no"):
        owner.execute(f"CALL run_job('{SESSIONS}')")
    good, bad = executions(owner)
    job = state(ask)
    assert job["lastExecution"] == {"id": f"{bad.id}", "status": "FAILED"}
    assert job["lastSuccess"] == {"id": f"{good.id}"}
    assert job["failuresInARow"] == 1
    assert (job["stats"]["runs"], job["stats"]["failures"], job["stats"]["recordsProcessed"]) == (2, 1, 7)
    seconds = sorted((row.completed_at - row.started_at).total_seconds() for row in (good, bad))
    assert job["stats"]["durationP50"] == pytest.approx(sum(seconds) / 2, abs=1e-5)
    assert seconds[0] <= job["stats"]["durationP95"] <= seconds[1]


def test_figures_are_of_the_window_that_was_asked_for(ask: Ask, owner: Connection) -> None:
    for hours in (1, 30):
        owner.execute(f"CALL run_job('{SESSIONS}')")
        owner.execute(
            "UPDATE job_execution SET started_at = started_at - %(age)s, completed_at = completed_at - %(age)s"
            " WHERE id = (SELECT max(id) FROM job_execution)",
            {"age": timedelta(hours=hours)},
        )
    query = f'{{ job(name: "{SESSIONS}") {{ day: stats {{ runs }} two: stats(hours: 48) {{ runs }} }} }}'
    assert ask(query)["data"]["job"] == {"day": {"runs": 1}, "two": {"runs": 2}}
    for hours in (0, 8785):
        [error] = ask(f'{{ job(name: "{SESSIONS}") {{ stats(hours: {hours}) {{ runs }} }} }}')["errors"]
        assert error["message"] == f"hours is {hours}: give a number from 1 to 8784."


def test_an_unknown_job_or_execution_is_null(ask: Ask) -> None:
    assert ask('{ job(name: "nope") { name } }') == {"data": {"job": None}}
    for id_ in ("0", "7", "99999999999999999999", f"{2**63 - 1}"):
        assert ask("query ($id: ID!) { jobExecution(id: $id) { id } }", id=id_) == {"data": {"jobExecution": None}}
    [error] = ask('{ jobExecution(id: "first") { id } }')["errors"]
    assert error["message"] == "id is 'first': give the number that jobLogs has for it."


def test_an_execution_is_found_by_its_id(ask: Ask, owner: Connection) -> None:
    owner.execute(f"CALL run_job('{SESSIONS}')")
    [row] = log(ask, fields="id status duration cursor startedBy client scheduled skippedStarts errorCode")
    found = ask(f'{{ jobExecution(id: "{row["id"]}") {{ {" ".join(row)} }} }}')["data"]["jobExecution"]
    assert found == row
    assert (row["startedBy"], row["scheduled"], row["errorCode"]) == ("barycenter", False, None)


def test_pages_neither_miss_nor_repeat_a_run_while_new_ones_start(ask: Ask, owner: Connection) -> None:
    for _ in range(25):
        owner.execute(f"CALL run_job('{SESSIONS}')")
    owner.execute("UPDATE job_execution SET started_at = (SELECT min(started_at) FROM job_execution) WHERE id % 3 = 0")
    everything = [row["id"] for row in log(ask)]
    paged: list[str] = []
    arguments = "(limit: 4)"
    while (rows := log(ask, arguments, "id cursor")) and len(paged) < 100:
        paged += [row["id"] for row in rows]
        arguments = f'(limit: 4, after: "{rows[-1]["cursor"]}")'
        owner.execute(f"CALL run_job('{CHALLENGES}')")
    assert paged == everything


@pytest.mark.parametrize("cursor", ["", "x", "MTIz", "bm9wZSAx", "OTk5OTk5OTk5OTk5OTk5LjAgMQ==", "ä"])
def test_a_cursor_that_is_none_is_refused_with_a_sentence(ask: Ask, cursor: str) -> None:
    [error] = ask("query ($c: String) { jobLogs(after: $c) { id } }", c=cursor)["errors"]
    assert error["message"] == f"after is {cursor!r}: give the cursor of a row of jobLogs."
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


def test_logs_are_filtered_by_status_and_time(database: Cluster, ask: Ask, owner: Connection) -> None:
    add_sessions(owner, 2, -10)
    with trigger(owner, "RAISE EXCEPTION 'no'"), pytest.raises(Exception, match="no"):
        owner.execute(f"CALL run_job('{SESSIONS}')")
    owner.execute(f"CALL run_job('{CHALLENGES}')")
    owner.execute(f"CALL run_job('{CHALLENGES}')")
    owner.execute(
        "UPDATE job_execution SET success = false, error_code = 'JB007', error_message = 'x'"
        " WHERE id = (SELECT max(id) FROM job_execution)"
    )
    with trigger(owner, "PERFORM pg_sleep(1)"):
        run = Run(database)
        until(lambda: log(ask, "(status: RUNNING)"))
        statuses = ["RUNNING", "CANCELLED", "SUCCEEDED", "FAILED"]
        assert [row["status"] for row in log(ask, fields="status")] == statuses
        for status in statuses:
            assert [row["status"] for row in log(ask, f"(status: {status})", "status")] == [status]
        assert log(ask, "(status: LOST)") == []
        assert run.end() is None

    times = [row["startedAt"] for row in log(ask, fields="startedAt")]
    arguments = f'(startedFrom: "{times[2]}", startedBefore: "{times[0]}")'
    assert [row["startedAt"] for row in log(ask, arguments, "startedAt")] == times[1:3]
    offset = times[2].replace("Z", "+00:00")
    assert len(log(ask, f'(startedFrom: "{offset}")')) == 3
    for time_ in ("yesterday", "2026-01-31", "2026-01-31T12:00:00", ""):
        assert "errors" in ask(f'{{ jobLogs(startedFrom: "{time_}") {{ id }} }}')
    assert log(ask, '(startedFrom: "0001-01-01T00:00:00+14:00", startedBefore: "9999-12-31T23:59:59-14:00")')


def test_a_lost_run_is_told_from_one_that_runs(database: Cluster, ask: Ask, owner: Connection) -> None:
    add_sessions(owner, 2, -10)
    with trigger(owner, "PERFORM pg_sleep(5)"):
        run = Run(database)
        until(lambda: log(ask, "(status: RUNNING)"))
        with database.connect(database.superuser) as superuser:
            superuser.execute("SELECT pg_terminate_backend(backend_pid) FROM job_execution")
        assert run.end() is not None
    until(lambda: log(ask, "(status: LOST)"))
    [row] = log(ask, fields="status completedAt success")
    assert row == {"status": "LOST", "completedAt": None, "success": None}


def test_a_job_is_paused_and_resumed(ask: Ask, owner: Connection) -> None:
    resumed = change(ask, f'resumeJob(jobName: "{SESSIONS}")')
    assert resumed == {
        "success": True,
        "message": f"Job {SESSIONS} is scheduled again",
        "job": {"enabled": True, "schedule": "0 0 * * * *"},
    }
    assert state(ask)["nextRunAt"].endswith(":00:00.000000Z")
    paused = change(ask, f'pauseJob(jobName: "{SESSIONS}")')
    assert (paused["message"], paused["job"]["enabled"]) == (f"Job {SESSIONS} is paused", False)
    assert owner.execute("SELECT * FROM cron.job WHERE jobname = %s", [SESSIONS]).fetchall() == []


@pytest.mark.parametrize("schedule", ["0 */20 * * * *", "*/20 * * * *"])
def test_a_job_is_rescheduled_in_five_fields_or_the_documented_six(ask: Ask, owner: Connection, schedule: str) -> None:
    try:
        result = change(ask, f'rescheduleJob(jobName: "{SESSIONS}", schedule: "{schedule}")')
        assert result["success"] is True
        assert result["message"] == f"Job {SESSIONS} runs at 0 */20 * * * * from now on"
        assert result["job"]["schedule"] == "0 */20 * * * *"
        row = owner.execute("SELECT schedule FROM job WHERE name = %s", [SESSIONS]).fetchone()
        assert row == ("*/20 * * * *",)
    finally:
        owner.execute("UPDATE job SET schedule = '0 * * * *' WHERE name = %s", [SESSIONS])


def test_a_schedule_in_seconds_is_shown_as_it_is() -> None:
    assert resolvers.six_fields("30 seconds") == "30 seconds"
    assert resolvers.six_fields("1 second") == "1 second"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('pauseJob(jobName: "nope")', "Unknown job: nope"),
        ('resumeJob(jobName: "nope")', "Unknown job: nope"),
        ('cancelJob(jobName: "nope")', "Unknown job: nope"),
        ('rescheduleJob(jobName: "nope", schedule: "* * * * *")', "Unknown job: nope"),
        (f'cancelJob(jobName: "{SESSIONS}")', f"Job {SESSIONS} is not running"),
        (
            f'rescheduleJob(jobName: "{SESSIONS}", schedule: "30 * * * * *")',
            'The schedule "30 * * * * *" has six fields',
        ),
        (f'rescheduleJob(jobName: "{SESSIONS}", schedule: "hourly")', 'The schedule "hourly" has not five fields'),
    ],
)
def test_what_cannot_be_done_is_an_answer_with_a_sentence(ask: Ask, owner: Connection, call: str, message: str) -> None:
    result = change(ask, call)
    assert result["success"] is False
    assert result["message"].startswith(message)
    assert (result["job"] is None) == ("nope" in call)
    assert owner.execute("SELECT * FROM job_change").fetchall() == []


def test_a_run_is_cancelled_and_says_by_whom(ask: Ask, owner: Connection) -> None:
    add_sessions(owner, 200, -10)
    with trigger(owner, "PERFORM pg_sleep(1)"):
        started = ask(f'mutation {{ triggerJob(jobName: "{SESSIONS}", wait: false) {{ success message }} }}')
        assert started["data"]["triggerJob"] == {"success": True, "message": f"Job {SESSIONS} is still running"}
        result = change(ask, f'cancelJob(jobName: "{SESSIONS}")')
        assert result["message"] == f"Job {SESSIONS} is cancelled"
        until(lambda: log(ask, "(status: CANCELLED)"))
    [row] = log(ask, fields="errorMessage errorCode success")
    assert row == {"errorMessage": "Cancelled by barycenter_jobs_app", "errorCode": "JB007", "success": False}


def test_a_trigger_that_does_not_wait_answers_with_the_run_that_it_started(ask: Ask, owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    with trigger(owner, "PERFORM pg_sleep(0.4)"):
        began = time.monotonic()
        result = ask(
            f'mutation {{ triggerJob(jobName: "{SESSIONS}", wait: false)'
            " { success executionId recordsProcessed execution { id status completedAt } } }"
        )["data"]["triggerJob"]
        assert time.monotonic() - began < 0.4
        assert result["success"] is True
        assert result["execution"] == {"id": result["executionId"], "status": "RUNNING", "completedAt": None}
        until(lambda: log(ask, "(status: SUCCEEDED)"))
    assert [f"{row.id}" for row in executions(owner)] == [result["executionId"]]
    again = f'mutation {{ triggerJob(jobName: "{SESSIONS}", wait: null) {{ execution {{ status }} }} }}'
    assert ask(again)["data"]["triggerJob"]["execution"] == {"status": "SUCCEEDED"}
    unknown = ask('mutation { triggerJob(jobName: "nope", wait: false) { success message executionId } }')
    assert unknown["data"]["triggerJob"] == {"success": False, "message": "Unknown job: nope", "executionId": None}


def test_a_trigger_waits_no_longer_than_its_bound(database: Cluster, owner: Connection) -> None:
    async def run() -> Execution:
        connections = Database(database.app)
        await connections.open()
        try:
            return await Jobs.of(connections).runs.run(SESSIONS, client="test", patience=0.5)
        finally:
            await connections.close()

    add_sessions(owner, 5, -10)
    with trigger(owner, "PERFORM pg_sleep(2)"):
        began = time.monotonic()
        execution = asyncio.run(run())
        assert 0.5 <= time.monotonic() - began < 1.5
        assert (execution.status, execution.success, execution.completed_at) == ("RUNNING", None, None)
        until(lambda: executions(owner)[0].completed_at)
    assert executions(owner)[0].records_processed == 5


def test_a_server_that_is_stopped_answers_who_waits_that_it_is_still_running(
    database: Cluster, owner: Connection
) -> None:
    add_sessions(owner, 5, -10)
    query = {"query": f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success message }} }}'}
    with trigger(owner, "PERFORM pg_sleep(1)"), ThreadPoolExecutor() as executor:
        with serving(database.app) as endpoint:
            answer = executor.submit(httpx.post, endpoint, json=query, timeout=20)
            until(lambda: executions(owner))
        assert answer.result().json() == {
            "data": {"triggerJob": {"success": True, "message": f"Job {SESSIONS} is still running"}}
        }
        until(lambda: executions(owner)[0].completed_at)
    assert executions(owner)[0].records_processed == 5


def test_reads_are_never_starved_by_runs(database: Cluster, ask: Ask, owner: Connection, endpoint: str) -> None:
    add_sessions(owner, 1, -10)
    query = {"query": f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ message }} }}'}
    with trigger(owner, "PERFORM pg_sleep(6)"), ThreadPoolExecutor(40) as executor:
        triggers = [executor.submit(httpx.post, endpoint, json=query, timeout=30) for _ in range(40)]
        until(lambda: executions(owner))
        began = time.monotonic()
        for _ in range(20):
            ask("{ availableJobs { name } jobLogs { id } }")
        assert time.monotonic() - began < 4
    messages = [each.result().json()["data"]["triggerJob"]["message"] for each in triggers]
    assert messages.count(f"Job {SESSIONS} triggered successfully") == 1


def test_statements_do_not_grow_with_the_number_of_jobs(database: Cluster, owner: Connection, ask: Ask) -> None:
    """Counted by the server itself: what each query takes, of one round trip each."""
    counts = {
        "{ availableJobs { name schedule enabled } }": 1,
        f'{{ job(name: "{SESSIONS}") {{ name }} }}': 1,
        "{ jobLogs(limit: 50) { id jobName startedAt completedAt success errorMessage status duration cursor } }": 1,
        '{ jobExecution(id: "1") { id } }': 1,
        f"{{ availableJobs {STATE} }}": 5,
    }
    with database.connect(database.superuser) as superuser:
        superuser.execute("ALTER ROLE barycenter_jobs_app SET log_statement = 'all'")
    try:
        with serving(database.app) as endpoint:
            for query, expected in counts.items():
                httpx.post(endpoint, json={"query": query})  # the pool is filled
                before = statements(database)
                httpx.post(endpoint, json={"query": query})
                found = statements(database)[len(before) : -1]
                assert len(found) == expected, (query, found)
    finally:
        with database.connect(database.superuser) as superuser:
            superuser.execute("ALTER ROLE barycenter_jobs_app RESET log_statement")


def statements(database: Cluster) -> list[str]:
    """What the app's logins have sent so far. The last is one of ours: when that is in the log, so is all before it."""
    mark = f"SELECT '{uuid4()}'"
    with database.connect(database.app) as connection:
        connection.execute(mark)
    until(lambda: any(mark in line for line in database.log()))
    return [line for line in database.log() if "execute <unnamed>" in line or "LOG:  statement" in line]
