"""Logins go first: a run waits for nobody's row for long, and comes back for it."""

import time

from ..cluster import Cluster, Connection, until
from ..conftest import SESSIONS, Run, add_sessions, count, executions


def test_a_row_that_a_login_holds_is_left_to_the_next_run_and_all_others_go(
    database: Cluster, owner: Connection
) -> None:
    add_sessions(owner, 100, -10)
    add_sessions(owner, 100, -20)
    owner.execute("UPDATE job SET batch_size = 30 WHERE name = %s", [SESSIONS])
    with database.connect() as login:
        with login.transaction():
            login.execute("SELECT FROM sessions WHERE session_id IN ('s-10-7', 's-20-9') FOR UPDATE")
            began = time.monotonic()
            owner.execute("CALL run_job(%s)", [SESSIONS])
            assert time.monotonic() - began < 3
            assert (executions(owner)[0].records_processed, count(owner, "sessions")) == (198, 2)
        owner.execute("CALL run_job(%s)", [SESSIONS])
    assert count(owner, "sessions") == 0


def test_a_session_that_a_login_extends_while_the_run_waits_for_it_stays(database: Cluster, owner: Connection) -> None:
    add_sessions(owner, 3, -10)
    with database.connect() as login:
        login.execute("BEGIN")
        login.execute("UPDATE sessions SET expires_at = expires_at + 3600 WHERE session_id = 's-10-1'")
        run = Run(database)
        until(lambda: owner.execute("SELECT FROM pg_locks WHERE NOT granted AND pid = %s", [run.pid]).fetchall(), 5)
        login.execute("COMMIT")
    assert run.end() is None
    assert owner.execute("SELECT session_id FROM sessions").fetchall() == [("s-10-1",)]
    assert executions(owner)[0].records_processed == 2
