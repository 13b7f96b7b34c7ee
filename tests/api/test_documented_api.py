"""The documented requests of Barycenter's admin API, and their answers to the letter."""

import re
from datetime import datetime

import httpx
import pytest

from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, SESSIONS, Run, add_sessions, count, executions, trigger
from .conftest import Ask

TRIGGER = """
mutation ($job: String!) { triggerJob(jobName: $job) { success message jobName executionId recordsProcessed } }
"""
LOGS = """
query ($job: String, $limit: Int, $onlyFailures: Boolean) {
  jobLogs(jobName: $job, limit: $limit, onlyFailures: $onlyFailures) {
    id jobName startedAt completedAt success errorMessage recordsProcessed
  }
}
"""
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def test_available_jobs_are_the_documented_four(ask: Ask) -> None:
    assert ask("{ availableJobs { name description schedule } }") == {
        "data": {
            "availableJobs": [
                {
                    "name": "cleanup_expired_sessions",
                    "description": "Clean up expired user sessions",
                    "schedule": "0 0 * * * *",
                },
                {
                    "name": "cleanup_expired_refresh_tokens",
                    "description": "Clean up expired refresh tokens",
                    "schedule": "0 30 * * * *",
                },
                {
                    "name": "cleanup_expired_challenges",
                    "description": "Clean up expired WebAuthn challenges",
                    "schedule": "0 */5 * * * *",
                },
                {
                    "name": "cleanup_expired_device_codes",
                    "description": "Clean up expired device authorization codes",
                    "schedule": "0 45 * * * *",
                },
            ]
        }
    }


def test_a_schedule_is_the_catalogues_own(ask: Ask, owner: Connection) -> None:
    owner.execute("UPDATE job SET schedule = '7 3 * * 0' WHERE name = %s", [SESSIONS])
    try:
        assert ask("{ availableJobs { schedule } }")["data"]["availableJobs"][0] == {"schedule": "0 7 3 * * 0"}
    finally:
        owner.execute("UPDATE job SET schedule = '0 * * * *' WHERE name = %s", [SESSIONS])


def test_a_trigger_runs_the_job_and_says_what_it_did(ask: Ask, owner: Connection) -> None:
    add_sessions(owner, 7, -10)
    add_sessions(owner, 5, 600)
    answer = ask(TRIGGER, job=SESSIONS)
    [row] = executions(owner)
    assert answer["data"]["triggerJob"] == {
        "success": True,
        "message": "Job cleanup_expired_sessions triggered successfully",
        "jobName": SESSIONS,
        "executionId": f"{row.id}",
        "recordsProcessed": 7,
    }
    assert count(owner, "sessions") == 5
    assert (row.started_by, row.scheduled) == ("barycenter_jobs_app", False)
    assert row.application_name == "barycenter-jobs operator@127.0.0.1"


def test_an_unknown_job_is_an_answer_and_leaves_no_row(ask: Ask, owner: Connection) -> None:
    for name in ("nope", "", "'; DROP TABLE sessions; --"):
        assert ask(TRIGGER, job=name) == {
            "data": {
                "triggerJob": {
                    "success": False,
                    "message": f"Unknown job: {name}",
                    "jobName": name,
                    "executionId": None,
                    "recordsProcessed": None,
                }
            }
        }
    assert count(owner, "job_execution") == 0


@pytest.mark.parametrize("code", ["P0001", "53100", "57P01", "42P02"])
def test_a_failed_job_answers_no_success_and_its_error(ask: Ask, owner: Connection, code: str) -> None:
    add_sessions(owner, 7, -10)
    with trigger(owner, f"RAISE EXCEPTION 'the audit says no' USING ERRCODE = '{code}'"):
        answer = ask(TRIGGER, job=SESSIONS)["data"]["triggerJob"]
    [row] = executions(owner)
    assert row.error_message.endswith("the audit says no")
    assert answer == {
        "success": False,
        "message": f"Job cleanup_expired_sessions failed: {row.error_message}",
        "jobName": SESSIONS,
        "executionId": f"{row.id}",
        "recordsProcessed": 0,
    }


def test_a_running_job_is_not_triggered_again(ask: Ask, database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 7, -10)
    with trigger(owner, "PERFORM pg_sleep(1)"):
        run = Run(database)
        until(lambda: executions(owner))
        answer = ask(TRIGGER, job=SESSIONS)["data"]["triggerJob"]
        [log] = ask(LOGS)["data"]["jobLogs"]
        assert run.end() is None
    assert (answer["success"], answer["message"]) == (False, f"Job {SESSIONS} is already running")
    assert (log["completedAt"], log["success"], log["errorMessage"]) == (None, None, None)


def test_logs_come_newest_first_and_filters_combine(ask: Ask, owner: Connection) -> None:
    add_sessions(owner, 7, -10)
    with trigger(owner, "RAISE EXCEPTION 'no'"):
        ask(TRIGGER, job=SESSIONS)
    ask(TRIGGER, job=CHALLENGES)
    ask(TRIGGER, job=SESSIONS)

    logs = ask(LOGS)["data"]["jobLogs"]
    assert [(log["jobName"], log["success"], log["recordsProcessed"]) for log in logs] == [
        (SESSIONS, True, 7),
        (CHALLENGES, True, 0),
        (SESSIONS, False, 0),
    ]
    for log in logs:
        assert TIMESTAMP.fullmatch(log["startedAt"])
        assert TIMESTAMP.fullmatch(log["completedAt"])
        assert datetime.fromisoformat(log["startedAt"]) <= datetime.fromisoformat(log["completedAt"])
    assert logs[2]["errorMessage"] == "Some rows cannot be deleted, and stay. The first: no"
    assert logs[0]["errorMessage"] is None

    assert ask(LOGS, job=SESSIONS, limit=None, onlyFailures=None)["data"]["jobLogs"] == [logs[0], logs[2]]
    assert ask(LOGS, job=SESSIONS, onlyFailures=True)["data"]["jobLogs"] == [logs[2]]
    assert ask(LOGS, job=CHALLENGES, onlyFailures=True)["data"]["jobLogs"] == []
    assert ask(LOGS, job="nope")["data"]["jobLogs"] == []
    assert ask(LOGS, limit=2)["data"]["jobLogs"] == logs[:2]


def test_fields_of_several_operations_combine_and_alias(ask: Ask) -> None:
    answer = ask(
        "{ jobs: availableJobs { name } all: jobLogs { id } bad: jobLogs(onlyFailures: true, limit: 5) { id } }"
    )
    assert answer["data"].keys() == {"jobs", "all", "bad"}


def test_a_limit_out_of_range_is_refused_with_a_sentence(ask: Ask) -> None:
    for limit in (0, -1, 1001):
        [error] = ask(LOGS, limit=limit)["errors"]
        assert error["message"] == f"limit is {limit}: give a number from 1 to 1000."
        assert error["extensions"] == {"code": "BAD_USER_INPUT"}


def test_text_that_postgresql_cannot_hold_is_refused_with_a_sentence(endpoint: str) -> None:
    query = "query ($job: String) { jobLogs(jobName: $job) { id } }"
    [error] = httpx.post(endpoint, json={"query": query, "variables": {"job": "nul\0"}}).json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
