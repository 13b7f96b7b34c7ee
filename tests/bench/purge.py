"""``make bench``: a run of cleanup_expired_sessions beside one bare DELETE, on the same rows.

A cluster of its own; ROWS sessions (200,000), half of them expired; the two in turn, ROUNDS times (5). Prints each
time and the medians, milliseconds.
"""

import os
import statistics
import time

import psycopg
from alembic import command

from ..conftest import ROOT, add_sessions, alembic, embedded

ROWS = int(os.environ.get("ROWS", "200000"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
DIRECTORY = ROOT / ".local" / "bench"
STATEMENTS = {
    "bare DELETE": "DELETE FROM sessions WHERE expires_at < extract(EPOCH FROM now())::bigint",
    "CALL run_job": "CALL run_job('cleanup_expired_sessions')",
}


def fill(owner: psycopg.Connection[object]) -> None:
    """Expired and live rows among each other, as they come to lie in time; many seconds, some rows to each."""
    owner.execute("TRUNCATE sessions")
    for second in range(100):
        add_sessions(owner, ROWS // 200, -60 - second * 36)
        add_sessions(owner, ROWS // 200, 3600 + second * 36)
    owner.execute("VACUUM (ANALYZE) sessions")


def milliseconds(owner: psycopg.Connection[object], statement: str) -> float:
    fill(owner)
    began = time.perf_counter()
    owner.execute(statement)
    ended = time.perf_counter()
    left = owner.execute("SELECT count(*) FROM sessions").fetchone()
    assert left == (ROWS // 2,), left
    return (ended - began) * 1000


def main() -> None:
    url = embedded("start", DIRECTORY).removeprefix("DATABASE_URL=")
    try:
        command.upgrade(alembic(url), "head")
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("UPDATE job SET enabled = false")
            times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
            for _ in range(ROUNDS):
                for name, statement in STATEMENTS.items():
                    times[name].append(milliseconds(owner, statement))
            for name, each in times.items():
                print(f"{name}: median {statistics.median(each):.0f} ms of {[round(ms) for ms in each]}")
            bare, run = (statistics.median(each) for each in times.values())
            print(f"{ROWS // 2} of {ROWS} rows deleted; run_job takes {run / bare:.2f} times a bare DELETE")
    finally:
        embedded("stop", DIRECTORY)


main()
