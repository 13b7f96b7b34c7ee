"""Operators pause, resume, reschedule, cancel and preview jobs, and it is written down who did."""

import time
from typing import Any

import psycopg
import pytest

from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, MANY, SESSIONS, Run, add_many_batches, add_sessions, count, executions, trigger


def changes(owner: Connection) -> list[Any]:
    return owner.execute("SELECT * FROM job_change ORDER BY id").fetchall()


def scheduled(owner: Connection) -> dict[str, str]:
    return dict(owner.execute("SELECT jobname, schedule FROM cron.job").fetchall())


def test_pause_resume_and_reschedule_are_followed_by_pg_cron_and_written_down(
    owner: Connection, operator: Connection
) -> None:
    operator.execute("SET application_name = 'night shift'")
    operator.execute("SELECT resume_job(%s)", [SESSIONS])
    assert scheduled(owner) == {SESSIONS: "0 * * * *"}
    operator.execute("SELECT reschedule_job(%s, '*/7 * * * *')", [SESSIONS])
    assert scheduled(owner) == {SESSIONS: "*/7 * * * *"}
    operator.execute("SELECT pause_job(%s)", [SESSIONS])
    assert scheduled(owner) == {}
    operator.execute("SELECT reschedule_job(%s, '0 * * * *')", [SESSIONS])
    assert scheduled(owner) == {}

    rows = changes(owner)
    assert {(row.changed_by, row.application_name, row.job_name, row.action) for row in rows} == {
        ("barycenter_jobs_app", "night shift", SESSIONS, "update")
    }
    assert [(row.old_values, row.new_values) for row in rows] == [
        ({"enabled": False}, {"enabled": True}),
        ({"schedule": "0 * * * *"}, {"schedule": "*/7 * * * *"}),
        ({"enabled": True}, {"enabled": False}),
        ({"schedule": "*/7 * * * *"}, {"schedule": "0 * * * *"}),
    ]


def test_a_change_that_changes_nothing_is_no_error_and_not_written_down(
    owner: Connection, operator: Connection
) -> None:
    operator.execute("SELECT pause_job(%s)", [SESSIONS])
    assert changes(owner) == []


def test_what_an_owner_sets_by_hand_is_written_down_too(owner: Connection) -> None:
    owner.execute(
        "UPDATE job SET batch_time = '5 milliseconds', history_retention = '2 years' WHERE name = %s", [SESSIONS]
    )
    [row] = changes(owner)
    assert (row.changed_by, row.new_values) == (
        "barycenter",
        {"batch_time": "00:00:00.005", "history_retention": "2 years"},
    )


def test_a_paused_job_can_be_run_by_hand(owner: Connection, operator: Connection) -> None:
    add_sessions(owner, 3, -10)
    operator.execute("SELECT pause_job(%s)", [SESSIONS])
    operator.execute("CALL run_job(%s)", [SESSIONS])
    assert count(owner, "sessions") == 0


def test_a_pause_lets_a_run_that_is_going_on_go_on(database: Cluster, owner: Connection, operator: Connection) -> None:
    add_sessions(owner, 3, -10)
    operator.execute("SELECT resume_job(%s)", [SESSIONS])
    with trigger(owner, "PERFORM pg_sleep(0.5)"):
        run = Run(database)
        until(lambda: executions(owner))
        operator.execute("SELECT pause_job(%s)", [SESSIONS])
        assert run.end() is None
    assert executions(owner)[0].success


def test_a_cancelled_run_ends_at_once_with_an_exact_count_and_its_row_says_by_whom(
    database: Cluster, owner: Connection, operator: Connection
) -> None:
    add_many_batches(owner)
    with trigger(owner, "PERFORM pg_sleep(0.1)"):
        run = Run(database)
        until(lambda: executions(owner) and executions(owner)[0].records_processed >= 2)
        cancelled = operator.execute("SELECT cancel_job(%s)", [SESSIONS]).fetchone()
        [row] = executions(owner)
        assert row.completed_at is not None
        error = run.end()
    assert error is not None
    assert (error.sqlstate, error.diag.message_primary) == ("JB007", "Cancelled by barycenter_jobs_app")
    assert executions(owner) == [row]
    assert cancelled == (f"Execution {row.id} of job {SESSIONS} is cancelled.",)
    assert (row.success, row.error_code, row.error_message) == (False, "JB007", "Cancelled by barycenter_jobs_app")
    assert 2 <= row.records_processed == MANY - count(owner, "sessions") < MANY
    [status] = owner.execute(
        "SELECT failures_in_a_row, last_error FROM job_status WHERE name = %s", [SESSIONS]
    ).fetchall()
    assert status == (0, None)
    assert [(change.action, change.execution_id) for change in changes(owner)][-1] == ("cancel", row.id)

    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert (executions(owner)[1].success, count(owner, "sessions")) == (True, 0)


def test_a_cancel_hits_no_other_job_and_no_later_run(
    database: Cluster, owner: Connection, operator: Connection
) -> None:
    add_sessions(owner, 3, -10)
    with trigger(owner, "PERFORM pg_sleep(0.5)"):
        run = Run(database)
        until(lambda: executions(owner))
        operator.execute("SELECT cancel_job(%s)", [SESSIONS])  # during its last batch, which is undone
        owner.execute("CALL run_job(%s)", [CHALLENGES])
        owner.execute("CALL run_job(%s)", [SESSIONS])  # skips the rows that the first one still holds
        assert run.end() is not None
    assert [row.success for row in executions(owner) + executions(owner, CHALLENGES)] == [False, True, True]
    assert sum(row.records_processed for row in executions(owner)) == 3 - count(owner, "sessions")


def test_a_job_that_does_not_run_cannot_be_cancelled(owner: Connection, operator: Connection) -> None:
    owner.execute(f"SELECT start_execution('{SESSIONS}', NULL)")  # and lost at once
    with pytest.raises(psycopg.Error, match=f"Job {SESSIONS} is not running") as caught:
        operator.execute("SELECT cancel_job(%s)", [SESSIONS])
    assert caught.value.sqlstate == "JB005"
    assert changes(owner) == []


def test_somebody_who_holds_a_cancel_open_holds_up_no_login(
    database: Cluster, owner: Connection, operator: Connection
) -> None:
    add_sessions(owner, 20, -10)
    with trigger(owner, "PERFORM pg_sleep(0.3)"):
        run = Run(database)
        until(lambda: executions(owner))
        with operator.transaction(force_rollback=True):
            operator.execute("SELECT cancel_job(%s)", [SESSIONS])
            login = "SELECT FROM sessions WHERE session_id = 's-10-1' FOR UPDATE"
            owner.execute("SET lock_timeout = '3s'")
            time.sleep(0.3)
            owner.execute(login)
    error = run.end()
    assert error is not None
    assert "uncommitted cancel" in f"{error}"
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert [row.error_code for row in executions(owner)] == ["JB003", None]
    assert count(owner, "sessions") == 0


@pytest.mark.parametrize("call", ["pause_job(%s)", "resume_job(%s)", "reschedule_job(%s, '')", "cancel_job(%s)"])
def test_an_unknown_job_is_told_as_such(owner: Connection, operator: Connection, call: str) -> None:
    with pytest.raises(psycopg.Error, match="Unknown job: nope") as caught:
        operator.execute(f"SELECT {call}", ["nope"])
    assert caught.value.sqlstate == "JB001"
    assert changes(owner) == []


def test_a_preview_says_what_would_go_and_deletes_nothing(owner: Connection, operator: Connection) -> None:
    assert operator.execute("SELECT * FROM preview_job(%s)", [SESSIONS]).fetchone() == (0, None)
    add_sessions(owner, 5, -7200)
    add_sessions(owner, 7, -60)
    add_sessions(owner, 9, 3600)
    row = operator.execute("SELECT records, now() - oldest AS age FROM preview_job(%s)", [SESSIONS]).fetchone()
    assert row is not None
    assert row.records == 12
    assert 7190 < row.age.total_seconds() < 7260
    assert count(owner, "sessions") == 21
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert executions(owner)[0].records_processed == row.records


def test_every_job_can_be_previewed_whatever_its_rows_say(owner: Connection, operator: Connection) -> None:
    owner.execute("INSERT INTO webauthn_challenges VALUES ('a', '', '', '', 0, 9223372036854775807, '')")
    owner.execute("INSERT INTO device_codes VALUES ('x', '', '', NULL, '', NULL, 0, -9223372036854775808)")
    names = [row.name for row in owner.execute("SELECT name FROM job ORDER BY position").fetchall()]
    previews = [operator.execute("SELECT records FROM preview_job(%s)", [name]).fetchone() for name in names]
    assert previews == [(0,), (0,), (1,), (1,)]
    with pytest.raises(psycopg.Error, match="Unknown job: nope"):
        operator.execute("SELECT preview_job('nope')")


def test_a_job_whose_pause_is_over_is_overdue_if_nothing_starts_it(owner: Connection) -> None:
    """As where pg_cron is in another database and has no entry of it, or does not run at all."""
    owner.execute("SELECT pause_job(%s, 'audit', now() + interval '1 hour')", [SESSIONS])
    owner.execute("UPDATE job_change SET changed_at = now() - interval '4 hours'")
    status = "SELECT status, enabled, overdue, pause_reason FROM job_status WHERE name = %s"
    assert owner.execute(status, [SESSIONS]).fetchall()[0][1:] == (False, False, "audit")
    owner.execute("UPDATE job SET paused_until = now() - interval '3 seconds' WHERE name = %s", [SESSIONS])
    assert owner.execute(status, [SESSIONS]).fetchall() == [("not yet run", True, False, None)]
    owner.execute("UPDATE job SET paused_until = now() - interval '3 hours' WHERE name = %s", [SESSIONS])
    assert owner.execute(status, [SESSIONS]).fetchall() == [("overdue", True, True, None)]


def test_a_pause_has_a_reason_and_may_end_by_itself(database: Cluster, owner: Connection, operator: Connection) -> None:
    answer = operator.execute("SELECT pause_job(%s, 'audit', now() + interval '2 seconds')", [SESSIONS]).fetchone()
    assert answer is not None
    assert answer[0].startswith(f"Job {SESSIONS} is paused until ")
    status = "SELECT status, enabled FROM job_status WHERE name = %s"
    [row] = owner.execute(status, [SESSIONS]).fetchall()
    assert row.status.startswith("paused until ")
    assert row.status.endswith(" (audit)")
    assert scheduled(owner)[SESSIONS] == "0 * * * *"  # the start that finds the pause over ends it
    with database.connect(application_name="pg_cron") as pg_cron:
        pg_cron.execute("CALL cleanup_expired_sessions()")
        assert executions(owner) == []
        time.sleep(2.1)
        pg_cron.execute("CALL cleanup_expired_sessions()")
    assert executions(owner)[0].scheduled
    assert owner.execute(status, [SESSIONS]).fetchall() == [("ok", True)]
    with pytest.raises(psycopg.Error, match="which is past") as caught:
        operator.execute("SELECT pause_job(%s, NULL, now())", [SESSIONS])
    assert caught.value.sqlstate == "JB014"


def test_settings_are_seen_and_set_in_one_way(owner: Connection, operator: Connection) -> None:
    answer = operator.execute("SELECT configure_job(%s, '10 minutes', '30 days')", [CHALLENGES]).fetchone()
    assert answer == (f"Job {CHALLENGES}: retention 00:10:00, history_retention 30 days.",)
    assert changes(owner)[-1].new_values == {"retention": "00:10:00", "history_retention": "30 days"}
    for settings, complaint in (("'-1 second'", "out of range"), ("NULL, '0'", "out of range")):
        with pytest.raises(psycopg.Error, match=complaint) as caught:
            operator.execute(f"SELECT configure_job(%s, {settings})".encode(), [CHALLENGES])
        assert caught.value.sqlstate == "JB014"
    with pytest.raises(psycopg.Error, match="has no retention"):
        operator.execute("SELECT configure_job(%s, '1 day')", [SESSIONS])


def test_the_history_reads_in_words(owner: Connection, operator: Connection) -> None:
    operator.execute("SET application_name = 'night shift'")
    operator.execute("CALL run_job(%s)", [SESSIONS])
    [row] = operator.execute("SELECT job, status, rows, who, why FROM job_history").fetchall()
    assert row == (SESSIONS, "succeeded", 0, "barycenter_jobs_app night shift", None)
