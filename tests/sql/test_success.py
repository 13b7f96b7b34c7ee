"""Success means that what was due, and was not held by somebody at that moment, is gone. Else it is a failure that says
why, and the rest goes all the same."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from alembic import command

from ..cluster import Cluster, Connection
from ..conftest import IDENTITY_TABLES, SESSIONS, add_sessions, alembic, count, executions, trigger
from .conftest import declare

FOR_EACH_ROW = "BEFORE DELETE ON sessions FOR EACH ROW"


def failed_run(owner: Connection, job_name: str = SESSIONS) -> Any:
    """The row of a run that failed."""
    with pytest.raises(psycopg.Error) as caught:
        owner.execute("CALL run_job(%s)", [job_name])
    row = executions(owner, job_name)[-1]
    assert (row.success, row.error_code) == (False, caught.value.sqlstate)
    assert row.error_message == caught.value.diag.message_primary
    return row


def test_rows_that_row_level_security_hides_are_no_success(owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    owner.execute("ALTER TABLE sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    try:
        row = failed_run(owner)
        assert "row-level security" in row.error_message
        assert row.records_processed == 0
    finally:
        owner.execute("ALTER TABLE sessions DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert count(owner, "sessions") == 0


def test_rows_that_a_trigger_keeps_in_silence_are_no_success(owner: Connection) -> None:
    add_sessions(owner, 5, -20, prefix="keep")
    add_sessions(owner, 50, -10)
    with trigger(owner, "IF OLD.session_id LIKE 'keep%' THEN RETURN NULL; END IF", FOR_EACH_ROW):
        row = failed_run(owner)
    assert row.error_code == "JB009"
    assert "a trigger or a rule on public.sessions keeps them without an error" in row.error_message
    assert (row.records_processed, count(owner, "sessions")) == (50, 5)


@pytest.mark.parametrize("event", ["NOTHING", "UPDATE sessions SET subject = 'gone' WHERE session_id = OLD.session_id"])
def test_rows_that_a_rule_keeps_are_no_success(owner: Connection, event: str) -> None:
    add_sessions(owner, 5, -10)
    owner.execute(f"CREATE RULE soft_delete AS ON DELETE TO sessions DO INSTEAD {event}".encode())
    try:
        assert failed_run(owner).error_code == "JB009"
        assert count(owner, "sessions") == 5
    finally:
        owner.execute("DROP RULE soft_delete ON sessions")


def test_rows_that_a_trigger_on_the_view_keeps_are_no_success(owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    with trigger(owner, "RETURN NULL", "INSTEAD OF DELETE ON expired_sessions FOR EACH ROW"):
        assert failed_run(owner).error_code == "JB009"
        assert count(owner, "sessions") == 5


def test_rows_that_a_trigger_on_a_partition_keeps_are_no_success(trial: Connection) -> None:
    trial.execute(
        "CREATE TABLE trial.thing (expires_at timestamptz);"
        "CREATE TABLE trial.child () INHERITS (trial.thing);"
        "INSERT INTO trial.child VALUES (now() - interval '1 hour');"
        "CREATE VIEW trial.expired AS SELECT ctid AS row_id, expires_at FROM trial.thing WHERE expires_at < now()"
    )
    declare(trial)
    with trigger(trial, "RETURN NULL", "BEFORE DELETE ON trial.child FOR EACH ROW"):
        assert failed_run(trial, "trial").error_code == "JB009"


@contextmanager
def replaced(owner: Connection) -> Iterator[None]:
    """As an online change to partitions leaves it: the view still reads what has another name by now."""
    owner.execute(
        "ALTER TABLE sessions RENAME TO old_sessions; CREATE TABLE sessions (LIKE old_sessions INCLUDING ALL)"
    )
    try:
        yield
    finally:
        owner.execute("DROP TABLE sessions; ALTER TABLE old_sessions RENAME TO sessions")


def test_a_table_that_was_replaced_is_no_success(owner: Connection) -> None:
    with replaced(owner):
        add_sessions(owner, 5, -10)
        row = failed_run(owner)
        assert row.error_code == "JB008"
        assert "reads public.old_sessions, and another table is named public.sessions by now" in row.error_message
        assert count(owner, "sessions") == 5


def test_a_table_that_is_only_renamed_is_walked_as_ever(owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    owner.execute("ALTER TABLE sessions RENAME TO login_sessions")
    try:
        owner.execute("CALL run_job(%s)", [SESSIONS])
        assert count(owner, "login_sessions") == 0
    finally:
        owner.execute("ALTER TABLE login_sessions RENAME TO sessions")


def test_a_lock_on_the_table_that_outlives_the_run_is_no_success(database: Cluster, owner: Connection) -> None:
    """CREATE INDEX takes it. And each row costs a millisecond, so that no batch is a short one."""
    add_sessions(owner, 200, -10)
    with (
        trigger(owner, "PERFORM pg_sleep(0.001)", FOR_EACH_ROW),
        database.connect() as other,
        other.transaction(),
    ):
        other.execute("LOCK TABLE sessions IN SHARE MODE")
        began = time.monotonic()
        row = failed_run(owner)
        assert 4 < time.monotonic() - began < 8
    assert row.error_code == "55P03"
    assert "is locked by another session" in row.error_message
    assert (row.records_processed, count(owner, "sessions")) == (0, 200)
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert count(owner, "sessions") == 0


def test_thousands_of_rows_of_one_second_that_refuse_to_go_hold_back_none_behind_them(owner: Connection) -> None:
    add_sessions(owner, 3000, -20, prefix="keep")
    add_sessions(owner, 500, -20)
    add_sessions(owner, 500, -10)
    with trigger(owner, "IF OLD.session_id LIKE 'keep%' THEN RAISE 'kept'; END IF", FOR_EACH_ROW):
        row = failed_run(owner)
    assert row.error_message == "Some rows cannot be deleted, and stay. The first: kept"
    assert (row.records_processed, count(owner, "sessions")) == (1000, 3000)


def test_a_trigger_with_unqualified_names_is_told_of_with_the_setting_that_is_to_blame(owner: Connection) -> None:
    add_sessions(owner, 5, -10)
    owner.execute("CREATE TABLE farewell (session text)")
    try:
        with trigger(owner, "INSERT INTO farewell VALUES (OLD.session_id)", FOR_EACH_ROW, name="say_farewell"):
            row = failed_run(owner)
            assert 'relation "farewell" does not exist' in row.error_message
            assert "search_path" in row.error_message
            owner.execute("ALTER FUNCTION say_farewell SET search_path = public")
            owner.execute("CALL run_job(%s)", [SESSIONS])
        assert (count(owner, "sessions"), count(owner, "farewell")) == (0, 5)
    finally:
        owner.execute("DROP TABLE farewell")


def test_tables_in_another_schema_than_public_are_found_as_the_role_finds_them(unmigrated: Cluster) -> None:
    with unmigrated.connect(unmigrated.superuser) as superuser, unmigrated.connect() as owner:
        command.upgrade(alembic(unmigrated.owner), "head")
        command.downgrade(alembic(unmigrated.owner), "base")
        owner.execute("CREATE SCHEMA identity")
        for table in IDENTITY_TABLES:
            owner.execute(f"ALTER TABLE {table} SET SCHEMA identity".encode())
        superuser.execute("ALTER ROLE barycenter IN DATABASE barycenter SET search_path = identity, public")
        try:
            command.upgrade(alembic(unmigrated.owner), "head")
            assert owner.execute("SELECT to_regclass('public.sessions')").fetchall() == [(None,)]
            owner.execute("SET search_path = identity, public, barycenter_jobs; UPDATE job SET enabled = false")
            add_sessions(owner, 5, -10)
            # Somebody has a table of the same name, in which there is nothing to do.
            owner.execute("CREATE TABLE public.sessions (LIKE identity.sessions)")
            owner.execute("CALL run_job(%s)", [SESSIONS])
            assert owner.execute("SELECT count(*) FROM identity.sessions").fetchall() == [(0,)]
            assert [row.records_processed for row in executions(owner)] == [5]
        finally:
            superuser.execute("ALTER ROLE barycenter IN DATABASE barycenter RESET search_path")
            superuser.execute("SET client_min_messages = warning; DROP SCHEMA identity CASCADE")
