"""``make bench``: a run of cleanup_expired_sessions beside one bare DELETE, on the same rows.

A cluster of its own; ROWS sessions (200,000), half of them expired; the two in turn, ROUNDS times (5). Once with the
rows in the order in which they expire, as they come in life, and once scattered over the table. Prints each time and
the medians, milliseconds.
"""

import os
import statistics
import time
from typing import LiteralString

import psycopg
from alembic import command

from ..cluster import ROOT
from ..cluster.packaged import embedded
from ..conftest import alembic

ROWS = int(os.environ.get("ROWS", "200000"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
DIRECTORY = ROOT / ".local" / "bench"
STATEMENTS: dict[str, LiteralString] = {
    "bare DELETE": "DELETE FROM sessions WHERE expires_at < extract(EPOCH FROM now())::bigint",
    "CALL run_job": "CALL barycenter_jobs.run_job('cleanup_expired_sessions')",
}
LAYOUTS: dict[str, LiteralString] = {"in order": "n", "scattered": "random()"}
FILL: LiteralString = """
    INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at, user_agent)
    SELECT
        gen_random_uuid(), 'subject', 0, 0,
        extract(EPOCH FROM now())::bigint + CASE WHEN n < 0 THEN n / 10 - 60 ELSE n / 10 + 3600 END,
        'Mozilla/5.0 (X11; Linux x86_64)'
    FROM generate_series(-%(half)s, %(half)s - 1) AS n
    ORDER BY """


def milliseconds(owner: psycopg.Connection[tuple[int]], statement: LiteralString, order: LiteralString) -> float:
    owner.execute("TRUNCATE sessions")
    owner.execute(FILL + order, {"half": ROWS // 2})
    owner.execute("VACUUM (ANALYZE) sessions")
    began = time.perf_counter()
    owner.execute(statement)
    ended = time.perf_counter()
    left = owner.execute("SELECT count(*) FROM sessions").fetchone()
    assert left == (ROWS // 2,), left
    return (ended - began) * 1000


def compare(owner: psycopg.Connection[tuple[int]], layout: str) -> None:
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(ROUNDS):
        for name, statement in STATEMENTS.items():
            times[name].append(milliseconds(owner, statement, LAYOUTS[layout]))
    for name, each in times.items():
        print(f"{layout}, {name}: median {statistics.median(each):.0f} ms of {[round(ms) for ms in each]}")
    bare, run = (statistics.median(each) for each in times.values())
    print(f"{layout}, {ROWS // 2} of {ROWS} rows deleted: run_job takes {run / bare:.2f} times a bare DELETE")


def main() -> None:
    url = embedded("start", DIRECTORY).removeprefix("DATABASE_URL=")
    try:
        command.upgrade(alembic(url), "head")
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("UPDATE barycenter_jobs.job SET enabled = false")
            for layout in LAYOUTS:
                compare(owner, layout)
    finally:
        embedded("stop", DIRECTORY)


main()
