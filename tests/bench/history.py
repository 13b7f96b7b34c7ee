"""Questions to the log, by its number of rows."""

import os
from typing import LiteralString

from .measured import Connection, Sample, clock, settle
from .report import Report

HISTORY = [int(rows) for rows in os.environ.get("HISTORY", "1000,10000,100000,1000000").split(",")]
QUESTIONS: dict[str, LiteralString] = {
    "job_status": "SELECT * FROM job_status",
    "job_history, the last 50": "SELECT * FROM job_history LIMIT 50",
    "the last failures": "SELECT * FROM job_execution WHERE job_name = 'cleanup_expired_sessions' AND NOT success"
    " ORDER BY started_at DESC, id DESC LIMIT 50",
    "lost runs": "SELECT * FROM job_execution WHERE error_code = 'JB003' AND NOT success"
    " ORDER BY started_at DESC, id DESC LIMIT 50",
    "the start of a run": "CALL run_job('cleanup_expired_device_codes')",
}


def questions(owner: Connection, report: Report) -> None:
    columns: dict[str, list[str]] = {name: [] for name in QUESTIONS}
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
            times = [clock(lambda question=question: owner.execute(question)) for _ in range(20)]  # type: ignore[misc]
            columns[name].append(f"{Sample(times).median:.1f}")
    report.heading("Questions to the log, ms, by its number of rows")
    report.table(["", *(f"{rows:,}" for rows in HISTORY)], [[name, *cells] for name, cells in columns.items()])
    owner.execute("TRUNCATE job_execution")
