"""What one run does, and what the log says of it."""

import re
import threading
import time
from contextlib import suppress

import psycopg
import pytest

from ..cluster import Cluster, Connection, until
from ..conftest import (
    CHALLENGES,
    MANY,
    SESSIONS,
    Run,
    add_many_batches,
    add_sessions,
    as_pg_cron,
    count,
    executions,
    trigger,
)

REFUSED = "Some rows cannot be deleted, and stay. The first: "
SLOW = "PERFORM pg_sleep(0.2)"


def test_a_run_deletes_what_has_expired_and_logs_it(owner: Connection, operator: Connection) -> None:
    add_sessions(owner, 30, -10)
    add_sessions(owner, 20, 3600)

    notices: list[str | None] = []
    operator.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    operator.execute("CALL run_job(%s)", [SESSIONS])

    [row] = executions(owner)
    assert notices == [f"{SESSIONS} has deleted 30 rows (execution {row.id})"]
    assert count(owner, "sessions") == 20
    assert (row.success, row.error_message, row.error_code, row.records_processed) == (True, None, None, 30)
    assert row.started_at <= row.completed_at
    assert (row.started_by, row.scheduled, row.backend_pid) == (
        "barycenter_jobs_app",
        False,
        operator.info.backend_pid,
    )


@pytest.mark.parametrize("client", ["psql", "pg_cron", "barycenter-jobs"])
def test_a_person_at_psql_is_told_of_the_progress_and_nobody_else(
    database: Cluster, owner: Connection, client: str
) -> None:
    add_many_batches(owner)
    notices: list[str] = []
    with trigger(owner, "PERFORM pg_sleep(0.2)"), database.connect(application_name=client) as caller:
        caller.add_notice_handler(lambda notice: notices.append(f"{notice.message_primary}"))
        caller.execute(f"CALL {SESSIONS}()".encode())
    progress = [re.fullmatch(r"([0-9]+) %: [0-9]+ rows deleted, 00:00:0[0-9] to go", notice) for notice in notices[:-1]]
    if client == "psql":
        told = [int(match[1]) for match in progress if match]
        assert len(told) == len(progress) >= 1
        assert told == sorted(told)
    else:
        assert progress == []


def test_a_run_with_nothing_to_do_is_a_success_of_no_rows(owner: Connection) -> None:
    owner.execute("CALL run_job(%s)", [SESSIONS])
    [row] = executions(owner)
    assert (row.success, row.records_processed, row.progress) == (True, 0, 100)


def test_an_unknown_job_is_an_error_and_leaves_no_row(owner: Connection) -> None:
    for name in ("nope", "", None, "run_job('x')", "CLEANUP_EXPIRED_SESSIONS"):
        with pytest.raises(psycopg.Error, match="Unknown job") as caught:
            owner.execute("CALL run_job(%s)", [name])
        assert caught.value.sqlstate == "JB001"
    assert count(owner, "job_execution") == 0


def test_a_call_inside_a_transaction_is_refused_before_anything_is_done(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 3, -10)
    with database.connect() as other, other.transaction(), pytest.raises(psycopg.Error) as caught:
        other.execute("CALL run_job(%s)", [SESSIONS])
    assert caught.value.sqlstate == "2D000"
    assert (count(owner, "sessions"), count(owner, "job_execution")) == (3, 0)


def test_a_run_is_seen_while_it_goes_on_with_a_count_that_grows(database: Cluster, owner: Connection) -> None:
    add_many_batches(owner)
    with trigger(owner, SLOW):
        run = Run(database)
        until(lambda: executions(owner) and executions(owner)[0].records_processed > 0)
        [first] = executions(owner)
        assert (first.completed_at, first.success) == (None, None)
        assert MANY - count(owner, "sessions") >= first.records_processed > 0
        assert 0 < first.progress < 100
        assert first.expected_end > first.started_at
        until(lambda: executions(owner)[0].records_processed > first.records_processed)
        status = owner.execute("SELECT * FROM job_status WHERE name = %s", [SESSIONS]).fetchone()
        assert status is not None
        assert (status.running_execution, status.lost) == (first.id, False)
        assert run.end() is None
    [row] = executions(owner)
    assert (row.success, row.records_processed, row.progress, row.expected_end) == (True, MANY, 100, None)


def test_a_running_job_is_not_started_again_and_another_job_runs_beside_it(
    database: Cluster, owner: Connection
) -> None:
    add_sessions(owner, 5, -10)
    with trigger(owner, "PERFORM pg_sleep(1)"):
        run = Run(database)
        until(lambda: executions(owner))
        with pytest.raises(psycopg.Error, match="already running") as caught:
            owner.execute("CALL run_job(%s)", [SESSIONS])
        assert caught.value.sqlstate == "JB002"
        owner.execute("CALL run_job(%s)", [CHALLENGES])
        assert executions(owner)[0].completed_at is None
        assert executions(owner, CHALLENGES)[0].success
        assert run.end() is None
    assert len(executions(owner)) == 1


def test_a_scheduled_start_while_the_job_runs_is_skipped_and_counted(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    with trigger(owner, "PERFORM pg_sleep(1)"):
        run = Run(database)
        until(lambda: executions(owner))
        with as_pg_cron(database) as pg_cron:
            pg_cron.execute("CALL cleanup_expired_sessions()")
        assert run.end() is None
    [row] = executions(owner)
    assert (row.skipped_starts, row.scheduled, row.success) == (1, False, True)


def test_a_failure_is_logged_with_its_reason_and_raised(owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    with trigger(owner, "RAISE EXCEPTION 'the audit says no' USING ERRCODE = 'P4242'"):
        with pytest.raises(psycopg.Error, match="the audit says no") as caught:
            owner.execute("CALL run_job(%s)", [SESSIONS])
        assert caught.value.sqlstate == "P4242"
    [row] = executions(owner)
    assert (row.success, row.error_message, row.error_code, row.records_processed) == (
        False,
        f"{REFUSED}the audit says no",
        "P4242",
        0,
    )
    assert row.completed_at is not None
    status = owner.execute("SELECT * FROM job_status WHERE name = %s", [SESSIONS]).fetchone()
    assert status is not None
    assert (status.failures_in_a_row, status.last_error, status.last_success_at) == (1, row.error_message, None)

    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert count(owner, "sessions") == 0


def test_an_objection_that_is_deferred_to_the_commit_is_logged_too(owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    deferred = "AFTER DELETE ON sessions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    with trigger(owner, "RAISE EXCEPTION 'too late'", deferred), pytest.raises(psycopg.Error, match="too late"):
        owner.execute("CALL run_job(%s)", [SESSIONS])
    [row] = executions(owner)
    assert (row.success, row.error_message, row.records_processed) == (False, f"{REFUSED}too late", 0)
    assert count(owner, "sessions") == 5


def test_batches_before_a_failure_stay_deleted_and_counted(owner: Connection) -> None:
    add_many_batches(owner)
    add_sessions(owner, 10, -10, prefix="poison")
    poison = "IF OLD.session_id LIKE 'poison%' THEN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END IF"
    with (
        trigger(owner, poison, "AFTER DELETE ON sessions FOR EACH ROW"),
        pytest.raises(psycopg.errors.DiskFull, match="full"),
    ):
        owner.execute("CALL run_job(%s)", [SESSIONS])
    [row] = executions(owner)
    assert (row.success, row.records_processed) == (False, MANY + 10 - count(owner, "sessions"))
    assert 0 < row.records_processed < MANY
    assert 0 < row.progress < 100


def test_a_cancelled_run_is_logged_as_cancelled(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    with trigger(owner, "PERFORM pg_sleep(60)"):
        run = Run(database)
        sleeping = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
        until(lambda: owner.execute(sleeping, [run.pid]).fetchall())
        owner.execute("SELECT pg_cancel_backend(%s)", [run.pid])
        error = run.end()
    assert error is not None
    assert error.sqlstate == "57014"
    [row] = executions(owner)
    assert (row.success, row.error_code, row.records_processed) == (False, "57014", 0)


def test_a_statement_timeout_ends_a_run_as_a_logged_failure(owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    owner.execute("SET statement_timeout = '300ms'")
    with trigger(owner, "PERFORM pg_sleep(60)"), pytest.raises(psycopg.Error, match="statement timeout"):
        owner.execute("CALL run_job(%s)", [SESSIONS])
    owner.execute("RESET statement_timeout")
    assert executions(owner)[0].error_message == "canceling statement due to statement timeout"


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_stricter_default_isolation_does_not_matter(owner: Connection, isolation: str) -> None:
    add_many_batches(owner)
    owner.execute("SELECT set_config('default_transaction_isolation', %s, false)", [isolation])
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert count(owner, "sessions") == 0


def test_a_hostile_search_path_does_not_matter(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    owner.execute("CREATE SCHEMA hostile")
    try:
        owner.execute(
            "CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'infinity'::timestamptz $$;"
            "CREATE TABLE hostile.sessions (LIKE public.sessions);"
            "CREATE FUNCTION hostile.eq(bigint, bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;"
            "CREATE OPERATOR hostile.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = hostile.eq);"
            "GRANT USAGE ON SCHEMA hostile TO PUBLIC"
        )
        with database.connect(database.app) as operator:
            operator.execute("SET search_path = hostile, pg_catalog, public")
            operator.execute("CALL barycenter_jobs.run_job(%s)", [SESSIONS])
        assert executions(owner)[0].records_processed == 5
    finally:
        owner.execute("SET client_min_messages = warning; DROP SCHEMA hostile CASCADE")


def test_an_operator_runs_jobs_and_can_do_nothing_else_to_the_tables(owner: Connection, operator: Connection) -> None:
    add_sessions(owner, 5, -10)
    operator.execute("CALL run_job(%s)", [SESSIONS])
    for statement in (
        "SELECT * FROM sessions",
        "DELETE FROM sessions",
        "SELECT * FROM expired_sessions",
        "INSERT INTO job_execution (job_name) VALUES ('x')",
        "UPDATE job_execution SET success = true",
        "DELETE FROM job_execution",
        "UPDATE job SET schedule = '* * * * *'",
        "SELECT cron.schedule('x', '* * * * *', 'SELECT 1')",
        "SELECT sync_schedule()",
        "SELECT delete_range('expired_sessions', 'true')",
        "SELECT drop_job('cleanup_expired_sessions')",
        "CREATE TABLE barycenter_jobs.mine ()",
        "SELECT close_lost_executions()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            operator.execute(statement)
    assert len(executions(owner)) == 1


def test_only_the_statement_that_started_a_run_can_go_on_with_it(owner: Connection, operator: Connection) -> None:
    operator.execute("CALL run_job(%s)", [SESSIONS])
    [done] = executions(owner)
    with pytest.raises(psycopg.Error, match="is not a run of this statement"):
        operator.execute("SELECT run_batch(%s)", [done.id])
    operator.execute(f"SELECT start_execution('{SESSIONS}', NULL)")
    with pytest.raises(psycopg.Error, match="is not a run of this statement"):
        operator.execute("SELECT run_batch(%s)", [executions(owner)[-1].id])


def test_a_run_cannot_start_in_a_transaction_whose_eyes_are_older(owner: Connection, operator: Connection) -> None:
    steps = f"DO $$ BEGIN PERFORM run_batch(start_execution('{SESSIONS}', NULL)); END $$"
    for isolation in ("READ COMMITTED", "REPEATABLE READ"):
        operator.execute(f"BEGIN ISOLATION LEVEL {isolation}")
        operator.execute("SELECT count(*) FROM job")
        with pytest.raises(psycopg.Error, match="cannot start inside a transaction"):
            operator.execute(steps)
        operator.execute("ROLLBACK")
    operator.execute(steps)  # by hand, the steps do what run_job does
    assert [row.success for row in executions(owner)] == [True]


def test_a_start_that_somebody_holds_open_is_logged_as_a_failure_that_says_who(
    database: Cluster, owner: Connection
) -> None:
    hold = f"DO $$ BEGIN PERFORM start_execution('{SESSIONS}', NULL); PERFORM pg_sleep(4); END $$"
    with database.connect(database.app) as holder:
        thread = threading.Thread(target=holder.execute, args=(hold,))
        thread.start()
        until(lambda: owner.execute("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'").fetchall())
        with pytest.raises(psycopg.Error, match=f"session {holder.info.backend_pid} holds") as caught:
            owner.execute("CALL run_job(%s)", [SESSIONS])
        assert caught.value.sqlstate == "JB002"
        [row] = executions(owner)
        assert (row.success, row.error_code, row.records_processed) == (False, "JB002", 0)
        thread.join()
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert [row.success for row in executions(owner)] == [False, False, True]


def test_a_start_that_an_operator_commits_by_hand_is_seen_and_can_be_cancelled(
    database: Cluster, owner: Connection, operator: Connection
) -> None:
    hold = f"DO $$ BEGIN PERFORM start_execution('{SESSIONS}', NULL); COMMIT; PERFORM pg_sleep(60); END $$"
    with database.connect(database.app) as holder:
        thread = threading.Thread(target=suppressed, args=(holder, hold))
        thread.start()
        until(lambda: executions(owner))
        [status] = owner.execute("SELECT * FROM job_status WHERE name = %s", [SESSIONS]).fetchall()
        assert (status.status, status.lost, status.running_execution) == (
            "running, 0 %",
            False,
            executions(owner)[0].id,
        )
        operator.execute("SELECT cancel_job(%s)", [SESSIONS])
        owner.execute("CALL run_job(%s)", [SESSIONS])
        assert [row.error_code for row in executions(owner)] == ["JB007", None]
        with database.connect(database.superuser) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s)", [holder.info.backend_pid])
        thread.join()


def suppressed(connection: Connection, statement: str) -> None:
    with suppress(psycopg.Error):
        connection.execute(statement.encode())


def test_run_job_works_in_a_do_block_and_is_refused_in_a_transaction(owner: Connection) -> None:
    add_sessions(owner, 3, -10)
    owner.execute(f"DO $$ BEGIN CALL run_job('{SESSIONS}'); END $$")
    assert executions(owner)[0].records_processed == 3
    owner.execute("BEGIN")
    time.sleep(2.1)
    with pytest.raises(psycopg.Error, match="run_job commits, so it cannot run inside a transaction block"):
        owner.execute(f"CALL run_job('{SESSIONS}')")
    owner.execute("ROLLBACK")


def test_each_job_has_a_procedure_of_its_name(owner: Connection, operator: Connection) -> None:
    add_sessions(owner, 3, -10)
    operator.execute("CALL cleanup_expired_sessions()")
    assert (executions(owner)[0].records_processed, executions(owner)[0].scheduled) == (3, False)
