"""Logins go first: a run waits for nobody's row for long, and comes back for it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from ..cluster import Cluster, Connection, until
from ..conftest import SESSIONS, TOKENS, Run, add_sessions, count, executions, trigger


def test_a_row_that_a_login_holds_is_left_to_the_next_run_and_all_others_go(
    database: Cluster, owner: Connection
) -> None:
    add_sessions(owner, 100, -10)
    add_sessions(owner, 100, -20)
    with database.connect() as login:
        with login.transaction():
            login.execute("SELECT FROM sessions WHERE session_id IN ('s-10-7', 's-20-9') FOR UPDATE")
            began = time.monotonic()
            owner.execute("CALL run_job(%s)", [SESSIONS])
            assert time.monotonic() - began < 3
            assert (executions(owner)[0].records_processed, count(owner, "sessions")) == (198, 2)
        owner.execute("CALL run_job(%s)", [SESSIONS])
    assert count(owner, "sessions") == 0


@contextmanager
def patient(owner: Connection) -> Iterator[None]:
    """A run waits long enough for a lock to be seen doing it."""
    change = "ALTER FUNCTION delete_range SET lock_timeout = '{}'"
    [(before,)] = owner.execute(
        "SELECT split_part(setting, '=', 2) FROM pg_proc, unnest(proconfig) AS setting"
        " WHERE proname = 'delete_range' AND setting LIKE 'lock_timeout=%'"
    ).fetchall()
    owner.execute(change.format("9s").encode())
    try:
        yield
    finally:
        owner.execute(change.format(before).encode())


def test_a_session_that_a_login_extends_while_the_run_waits_for_it_stays(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 3, -10)
    with patient(owner), database.connect() as login:
        login.execute("BEGIN")
        login.execute("UPDATE sessions SET expires_at = expires_at + 3600 WHERE session_id = 's-10-1'")
        run = Run(database)
        until(lambda: owner.execute("SELECT FROM pg_locks WHERE NOT granted AND pid = %s", [run.pid]).fetchall(), 5)
        login.execute("COMMIT")
        assert run.end() is None
    assert owner.execute("SELECT session_id FROM sessions").fetchall() == [("s-10-1",)]
    assert executions(owner)[0].records_processed == 2


def chains(owner: Connection, number: int, length: int) -> None:
    """Tokens that were rotated each hour, all of them long ago."""
    owner.execute(
        "INSERT INTO refresh_tokens (token, client_id, subject, scope, created_at, expires_at, revoked, parent_token)"
        " SELECT format('%%s-%%s', chain, n), '', '', '', epoch + n * 3600, epoch + 10000 * 3600,"
        " (n < %(length)s)::integer, format('%%s-%%s', chain, n - 1) FROM generate_series(1, %(number)s) AS chain,"
        " generate_series(1, %(length)s) AS n,"
        " (SELECT extract(EPOCH FROM now())::bigint - 2000 * 3600 AS epoch) AS begin",
        {"number": number, "length": length},
    )


def test_one_token_that_is_held_costs_neither_time_nor_the_other_chains(database: Cluster, owner: Connection) -> None:
    chains(owner, 5, 1000)
    with database.connect() as login, login.transaction():
        login.execute("SELECT FROM refresh_tokens WHERE token = '3-500' FOR UPDATE")
        began = time.monotonic()
        owner.execute("CALL run_job(%s)", [TOKENS])
        assert time.monotonic() - began < 3
    # Of its own chain, those before it; those after it lead to it.
    assert executions(owner, TOKENS)[0].records_processed == 4 * 999 + 499
    owner.execute("CALL run_job(%s)", [TOKENS])
    assert count(owner, "refresh_tokens") == 5


def test_what_is_let_go_in_the_middle_of_a_batch_is_counted_to_the_row(database: Cluster, owner: Connection) -> None:
    chains(owner, 3, 30)
    with trigger(owner, "PERFORM pg_sleep(0.05)", "AFTER DELETE ON refresh_tokens FOR EACH STATEMENT"):
        with database.connect() as login, login.transaction():
            login.execute("SELECT FROM refresh_tokens WHERE token = '2-15' FOR UPDATE")
            run = Run(database, TOKENS)
            until(
                lambda: owner.execute(
                    "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'", [run.pid]
                ).fetchall()
            )
        assert run.end() is None
    [row] = executions(owner, TOKENS)
    assert row.records_processed == 90 - count(owner, "refresh_tokens")


def test_a_login_that_holds_many_rows_is_nobodys_victim(database: Cluster, owner: Connection) -> None:
    """Each of the run's rows would take one with it that the login holds; and then the login wants one of the run's."""
    add_sessions(owner, 40, -10)
    owner.execute("CREATE TABLE consent (session varchar REFERENCES sessions ON DELETE CASCADE)")
    try:
        owner.execute("INSERT INTO consent SELECT session_id FROM sessions")
        with database.connect() as login:
            with login.transaction():
                login.execute("SELECT FROM consent WHERE session <> 's-10-1' FOR UPDATE")
                run = Run(database)
                until(lambda: executions(owner))
                began = time.monotonic()
                login.execute("UPDATE sessions SET subject = 'alive' WHERE session_id = 's-10-30'")
                assert time.monotonic() - began < 0.9  # deadlock_timeout is a second
            assert run.end() is None
        assert executions(owner)[0].records_processed + count(owner, "sessions") == 40
        owner.execute("CALL run_job(%s)", [SESSIONS])
        assert count(owner, "sessions") == 0
    finally:
        owner.execute("DROP TABLE consent")


def test_the_waits_of_a_batch_do_not_add_up(database: Cluster, owner: Connection) -> None:
    """Sixteen logins hold a row each, one after the other; the next holds the last row and then wants the first."""
    add_sessions(owner, 200, -10)
    add_sessions(owner, 200, -9)  # so that the batch is a range
    hold = "SELECT FROM sessions WHERE session_id = 's-10-{}' FOR UPDATE"
    with ExitStack() as stack:
        logins = [stack.enter_context(database.connect()) for _ in range(17)]
        for n, login in enumerate(logins):
            login.execute("BEGIN")
            login.execute(hold.format(150 if n == 16 else 40 + 5 * n).encode())
        run = Run(database)
        waits = "SELECT FROM pg_locks WHERE NOT granted"
        until(lambda: owner.execute(waits).fetchall() or (executions(owner) and executions(owner)[0].completed_at))
        with ThreadPoolExecutor() as executor:
            wanted = executor.submit(logins[16].execute, hold.format(1).encode())
            for login in logins[:16]:
                time.sleep(0.06)
                login.execute("COMMIT")
            wanted.result()
            logins[16].execute("COMMIT")
    assert run.end() is None
    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert count(owner, "sessions") == 0
