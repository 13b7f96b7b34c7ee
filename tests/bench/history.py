"""Questions to the log, by its number of rows."""

import os
from collections.abc import Callable
from typing import LiteralString

import httpx

from ..api.server import serving
from .measured import Connection, Sample, clock, settle
from .report import Report

HISTORY = [int(rows) for rows in os.environ.get("HISTORY", "1000,10000,100000,1000000").split(",")]
QUESTIONS: dict[str, LiteralString] = {
    "job_status": "SELECT * FROM job_status",
    "job_history, the last 50": "SELECT * FROM job_history LIMIT 50",
    "the start of a run": "CALL run_job('cleanup_expired_device_codes')",
}

FILTERS = (
    "",
    'jobName: "cleanup_expired_sessions", ',
    "onlyFailures: true, ",
    *(f"status: {status}, " for status in ("SUCCEEDED", "FAILED", "CANCELLED", "LOST", "RUNNING")),
    'jobName: "cleanup_expired_sessions", status: LOST, ',
    'startedBefore: "2026-01-01T00:00:00Z", ',
    'startedFrom: "2026-01-01T00:00:00Z", ',
)


def questions(owner: Connection, report: Report) -> None:
    columns: dict[str, list[str]] = {}
    for rows in HISTORY:
        owner.execute("TRUNCATE job_execution")
        owner.execute(
            "INSERT INTO job_execution (job_name, started_at, completed_at, success, error_code, error_message,"
            " scheduled, started_by, application_name, backend_pid, records_processed)"
            " SELECT job.name, at, at + interval '1 second', fate <> 0, CASE fate WHEN 0 THEN 'P0001' END,"
            " CASE fate WHEN 0 THEN 'no' END, true, 'x', 'pg_cron', 1, n"
            " FROM generate_series(1, %s) AS n,"
            " LATERAL (SELECT now() - n * interval '20 seconds' AS at, n %% 100 AS fate) AS run,"
            " LATERAL (SELECT name FROM job ORDER BY position OFFSET n %% 4 LIMIT 1) AS job",
            [rows],
        )
        settle(owner, "job_execution")
        for name, question in QUESTIONS.items():
            ask(columns, name, lambda question=question: owner.execute(question))  # type: ignore[misc]
        with serving(app(owner)) as endpoint, httpx.Client() as client:
            for each in FILTERS:
                query = {"query": f"{{ jobLogs({each}limit: 50) {{ id status }} }}"}
                ask(columns, f"jobLogs({each}limit: 50)", lambda query=query: client.post(endpoint, json=query))  # type: ignore[misc]
            metrics = endpoint.replace("/admin/jobs", "/metrics")
            ask(columns, "/metrics", lambda metrics=metrics: client.get(metrics))  # type: ignore[misc]
    report.heading("Questions to the log, ms, by its number of rows")
    report.table(["", *(f"{rows:,}" for rows in HISTORY)], [[name, *cells] for name, cells in columns.items()])
    owner.execute("TRUNCATE job_execution")


def ask(columns: dict[str, list[str]], name: str, question: Callable[[], object]) -> None:
    columns.setdefault(name, []).append(f"{Sample([clock(question) for _ in range(20)]).median:.1f}")


def app(owner: Connection) -> str:
    """The API's login."""
    known = owner.info
    return f"postgresql://barycenter_jobs_app:{known.password}@{known.host}:{known.port}/{known.dbname}"
