"""Rows that cannot be deleted: the others go, the log says why, and the next run tries again."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from ..cluster import Cluster, Connection, until
from ..conftest import MANY, SESSIONS, TOKENS, Run, add_many_batches, add_sessions, count, executions, trigger
from .test_expiry import DAY, add_tokens, left

FOR_EACH_ROW = "BEFORE DELETE ON {} FOR EACH ROW"


@contextmanager
def poisoned(owner: Connection, what: str = "RAISE EXCEPTION 'on hold'", table: str = "sessions") -> Iterator[None]:
    """Rows whose id begins with ``poison`` object to being deleted."""
    key = {"sessions": "session_id", "refresh_tokens": "token"}[table]
    body = f"IF OLD.{key} LIKE 'poison%' THEN {what}; END IF"
    with trigger(owner, body, FOR_EACH_ROW.format(table)):
        yield


def failed_run(owner: Connection, job_name: str = SESSIONS) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught:
        owner.execute("CALL run_job(%s)", [job_name])
    return caught.value


def test_rows_that_a_trigger_holds_back_stay_and_all_others_go(owner: Connection) -> None:
    for expires_in in (-40, -30, -20, -10, 3600):
        add_sessions(owner, 2, expires_in, prefix="poison")
        add_sessions(owner, 20, expires_in)
    with poisoned(owner):
        error = failed_run(owner)
        assert (error.sqlstate, error.diag.message_primary) == (
            "P0001",
            "Some rows cannot be deleted, and stay. The first: on hold",
        )
        [row] = executions(owner)
        assert (row.success, row.error_code, row.error_message) == (False, "P0001", error.diag.message_primary)
        assert (row.records_processed, count(owner, "expired_sessions"), count(owner, "sessions")) == (80, 8, 30)

    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert (executions(owner)[1].records_processed, count(owner, "sessions")) == (8, 22)


def test_rows_that_a_foreign_key_needs_stay_and_the_log_does_not_tell_their_ids(owner: Connection) -> None:
    add_sessions(owner, 50, -10)
    owner.execute("CREATE TABLE consent (session varchar REFERENCES sessions)")
    try:
        owner.execute("INSERT INTO consent VALUES ('s-10-7'), ('s-10-9')")
        assert failed_run(owner).sqlstate == "23503"
        [row] = executions(owner)
        assert 'violates foreign key constraint "consent_session_fkey"' in row.error_message
        assert "s-10" not in row.error_message
        assert (row.records_processed, count(owner, "sessions")) == (48, 2)
    finally:
        owner.execute("DROP TABLE consent")


@pytest.mark.parametrize("what", ["ASSERT false", "RAISE EXCEPTION 'held' USING ERRCODE = 'insufficient_privilege'"])
def test_whatever_error_a_row_objects_with_the_others_go(owner: Connection, what: str) -> None:
    add_sessions(owner, 2, -20, prefix="poison")
    add_sessions(owner, 20, -10)
    with poisoned(owner, what):
        failed_run(owner)
    assert count(owner, "sessions") == 2


@pytest.mark.parametrize(("code", "most"), [("disk_full", 3), ("raise_exception", 2 + 40)])
def test_a_run_does_not_try_again_and_again(owner: Connection, code: str, most: int) -> None:
    for expires_in in (-40, -30, -20, -10):
        add_sessions(owner, 10, expires_in)
    owner.execute("CREATE SEQUENCE tries")  # which no rollback turns back
    try:
        no = f"PERFORM nextval('public.tries'); RAISE EXCEPTION 'no' USING ERRCODE = '{code}'"
        with trigger(owner, no, FOR_EACH_ROW.format("sessions")):
            failed_run(owner)
        tries = owner.execute("SELECT last_value FROM tries").fetchone()
        assert tries is not None
        assert 0 < tries[0] <= most
    finally:
        owner.execute("DROP SEQUENCE tries")
    assert [row.records_processed for row in executions(owner)] == [0]


def test_while_it_runs_the_log_tells_that_it_will_fail(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 1, -20, prefix="poison")
    add_many_batches(owner)
    late = f"IF OLD.session_id = 's-10-{MANY}' THEN PERFORM pg_sleep(1); END IF"
    with poisoned(owner), trigger(owner, late, FOR_EACH_ROW.format("sessions"), name="late"):
        run = Run(database)
        until(lambda: executions(owner) and executions(owner)[0].records_processed > 0)
        [row] = executions(owner)
        assert (row.completed_at, row.success, row.error_code) == (None, None, "P0001")
        assert run.end() is not None


@pytest.mark.parametrize("poison", [0, 1, 2])
@pytest.mark.parametrize("expires", [-DAY, DAY])
def test_a_rotated_token_that_cannot_go_stays_and_so_does_what_it_is_found_by(
    owner: Connection, poison: int, expires: int
) -> None:
    names = [f"{'poison' if n == poison else 'token'}-{n}" for n in range(4)]
    add_tokens(
        owner,
        *(
            (name, (n - 5) * DAY, expires if n == 3 else 9 * DAY, 0 if n == 3 else 1, names[n - 1] if n else None)
            for n, name in enumerate(names)
        ),
        ("lone", -5 * DAY, 9 * DAY, 1, None),
        ("its successor", -4 * DAY, 8 * DAY, 0, "lone"),
    )
    with poisoned(owner, table="refresh_tokens"):
        assert "on hold" in f"{failed_run(owner, TOKENS)}"
        assert left(owner, "SELECT token FROM refresh_tokens") == {*names[poison:], "its successor"}
    owner.execute("CALL run_job(%s)", [TOKENS])
    assert left(owner, "SELECT token FROM refresh_tokens") == {*(names[3:] if expires > 0 else []), "its successor"}


def test_an_expired_token_that_cannot_go_holds_back_none_of_those_after_it(owner: Connection) -> None:
    names = ["poison", *(f"token-{n}" for n in range(19))]
    add_tokens(
        owner,
        *((name, -40 * DAY, -9 * DAY + n, 1, names[n - 1] if n else None) for n, name in enumerate(names)),
        ("itself", -40 * DAY, -9 * DAY, 1, "itself"),
    )
    with poisoned(owner, table="refresh_tokens"):
        failed_run(owner, TOKENS)
    assert left(owner, "SELECT token FROM refresh_tokens") == {"poison"}
    assert executions(owner, TOKENS)[0].records_processed == 20
