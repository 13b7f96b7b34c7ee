"""The log prunes itself, and pg_cron's log of our jobs with it."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import LiteralString

import pytest

from barycenter_jobs.jobs.executions import FILTERS, STATUSES, page_query

from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, SESSIONS, add_sessions, count, executions, trigger


def test_a_run_prunes_its_jobs_history_to_what_the_setting_keeps(owner: Connection) -> None:
    for job_name, age in [(SESSIONS, "8 days"), (SESSIONS, "6 days"), (CHALLENGES, "8 days")]:
        owner.execute(
            "INSERT INTO job_execution"
            " (job_name, started_at, completed_at, success, scheduled, started_by, application_name, backend_pid)"
            " VALUES (%s, now() - %s::interval, now() - %s::interval, true, false, 'x', 'x', 1)",
            [job_name, age, age],
        )
    owner.execute("UPDATE job SET history_retention = '7 days' WHERE name = %s", [SESSIONS])
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert len(executions(owner)) == 2
    assert len(executions(owner, CHALLENGES)) == 1


def test_a_run_that_took_longer_than_history_is_kept_is_still_in_it(owner: Connection) -> None:
    add_sessions(owner, 3, -10)
    owner.execute("UPDATE job SET history_retention = '1 second' WHERE name = %s", [SESSIONS])
    with trigger(owner, "PERFORM pg_sleep(1.5)"):
        owner.execute("CALL run_job(%s)", [SESSIONS])
    [row] = executions(owner)
    assert (row.success, row.records_processed) == (True, 3)


def test_a_run_prunes_pg_crons_own_log_of_its_job_and_no_other(database: Cluster, owner: Connection) -> None:
    owner.execute("UPDATE job SET enabled = true WHERE name = %s", [SESSIONS])
    with database.connect(database.superuser) as superuser:
        superuser.execute(
            "INSERT INTO cron.job_run_details (jobid, runid, command, username, status, start_time, end_time)"
            " SELECT -2, 100010 - days, command, username, 'failed', now() - days * interval '1 day', NULL"
            " FROM cron.job, generate_series(6, 9) AS days WHERE jobname = %s",
            [SESSIONS],
        )
        superuser.execute(  # never started, and of a job id that has changed since
            "INSERT INTO cron.job_run_details (jobid, runid, command, username, status)"
            " SELECT -2, runid, command, username, 'starting' FROM cron.job, (VALUES (100000), (100009)) AS r (runid)"
            " WHERE jobname = %s",
            [SESSIONS],
        )
        superuser.execute(
            "INSERT INTO cron.job_run_details (jobid, runid, username, status, start_time)"
            " VALUES (-1, 99999, 'barycenter', 'failed', now() - interval '1 year')"
        )
    owner.execute("CALL run_job(%s)", [SESSIONS])
    kept = owner.execute("SELECT runid FROM cron.job_run_details WHERE runid >= 99999 ORDER BY runid").fetchall()
    owner.execute("DELETE FROM cron.job_run_details WHERE runid >= 99999")
    assert [row.runid for row in kept] == [99999, 100004, 100009]


def test_a_history_that_cannot_be_pruned_does_not_undo_the_run(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    with database.connect(database.superuser) as superuser:
        superuser.execute("REVOKE DELETE ON cron.job_run_details FROM PUBLIC")
        try:
            owner.execute("CALL run_job(%s)", [SESSIONS])
        finally:
            superuser.execute("GRANT DELETE ON cron.job_run_details TO PUBLIC")
    # Not to the client: one that is gone would have its backend end before the run's end is committed.
    warning = f"LOG:  The history of {SESSIONS} could not be pruned: permission denied for table job_run_details"
    until(lambda: any(warning in line for line in database.log()[-200:]))
    assert (executions(owner)[0].success, executions(owner)[0].records_processed, count(owner, "sessions")) == (
        True,
        5,
        0,
    )


def test_a_caller_that_has_row_security_off_is_served_as_any_other(owner: Connection, operator: Connection) -> None:
    notices: list[str | None] = []
    operator.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    operator.execute("SET row_security = off")
    operator.execute("CALL run_job(%s)", [SESSIONS])
    operator.execute("SELECT resume_job(%(name)s), pause_job(%(name)s)", {"name": SESSIONS})
    assert operator.execute("SELECT drifting_jobs FROM check_health()").fetchall() == [([],)]
    assert notices == [f"{SESSIONS} has deleted 0 rows (execution {executions(owner)[0].id})"]
    assert [row.success for row in executions(owner)] == [True]


@pytest.fixture
def years_of_log(owner: Connection) -> Connection:
    """400,000 rows; of them one in a hundred failed, and none was lost or cancelled."""
    owner.execute(
        "INSERT INTO job_execution (job_name, started_at, completed_at, success, error_code, error_message, scheduled,"
        " started_by, application_name, backend_pid)"
        " SELECT job.name, at, at, n % 100 > 0, CASE n % 100 WHEN 0 THEN 'P0001' END,"
        " CASE n % 100 WHEN 0 THEN 'no' END, true, 'x', 'pg_cron', 1"
        " FROM generate_series(1, 100000) AS n, LATERAL (SELECT now() - n * interval '5 minutes') AS run (at), job"
    )
    owner.execute("ANALYZE job_execution")
    return owner


def pages_read(owner: Connection, query: LiteralString, given: dict[str, object] | None = None) -> int:
    """Pages of the database that a query reads. It is not compiled (JIT), which would take longer than to run it."""
    [[[plan]]] = owner.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query, given).fetchall()
    assert "JIT" not in plan
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


def test_the_status_takes_no_longer_with_years_of_log(years_of_log: Connection) -> None:
    assert pages_read(years_of_log, "SELECT * FROM job_status") < 3000
    assert pages_read(years_of_log, "SELECT * FROM job_history LIMIT 50") < 3000


def test_no_filter_of_the_api_reads_years_of_log(years_of_log: Connection) -> None:
    now = datetime.now(UTC)
    given = {
        "job_name": SESSIONS,
        "started_from": now - timedelta(days=30),
        "started_before": now - timedelta(days=1),
        "after_start": now,
        "after_id": 1,
        "limit": 50,
    }
    filters: list[list[LiteralString]] = [[], ["NOT success"], *([each] for each in FILTERS.values())]
    for conditions, status, of_a_job in product(filters, [None, *STATUSES], [[], [FILTERS["job_name"]]]):
        query = page_query([*conditions, *of_a_job], status)
        assert pages_read(years_of_log, query, given) < 2000, (conditions, status, of_a_job)
