"""A login workload: clients that insert, read and extend sessions while a purge is at work."""

import statistics
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from .measured import Connection

CLIENTS = 4


@dataclass
class Seen:
    """Latencies of the logins' statements, and the purge's longest transaction, milliseconds."""

    latencies: list[float] = field(default_factory=list)
    longest_transaction: float = 0.0
    wal: int = 0  # bytes, of purge and logins
    statements: int = 0

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.latencies, n=100)[98]


def beside(owner: Connection, purge: Callable[[Connection], object] | None, seconds: float) -> Seen:
    """What logins see while the purge runs; without one, for so many seconds."""
    seen, stop = Seen(), threading.Event()
    threads = [threading.Thread(target=log_in, args=(owner, seen.latencies, stop)) for _ in range(CLIENTS)]
    threads.append(threading.Thread(target=watch, args=(owner, seen, stop)))
    before = wal(owner)
    for thread in threads:
        thread.start()
    time.sleep(1)  # the clients are at their pace
    seen.latencies.clear()
    if purge:
        purge(owner)
    else:
        time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    seen.wal = wal(owner) - before
    return seen


def connect(owner: Connection) -> Connection:
    return psycopg.connect(owner.info.dsn, password=owner.info.password, autocommit=True)


def log_in(owner: Connection, latencies: list[float], stop: threading.Event) -> None:
    with connect(owner) as client:
        while not stop.is_set():
            session = f"login-{uuid.uuid4()}"
            for statement in (
                "INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at)"
                " VALUES (%s, 'subject', 0, 0, extract(EPOCH FROM now())::bigint + 3600)",
                "SELECT * FROM sessions WHERE session_id = %s",
                "UPDATE sessions SET expires_at = expires_at + 60 WHERE session_id = %s",
            ):
                began = time.perf_counter()
                client.execute(statement, [session])
                latencies.append((time.perf_counter() - began) * 1000)
            time.sleep(0.01)


def watch(owner: Connection, seen: Seen, stop: threading.Event) -> None:
    """Samples how old the purge's transaction is."""
    age = (
        "SELECT max(extract(EPOCH FROM clock_timestamp() - xact_start)) * 1000 FROM pg_stat_activity"
        " WHERE pid = %s AND state = 'active' AND backend_xid IS NOT NULL"
    )
    with connect(owner) as watcher:
        while not stop.wait(0.002):
            row = watcher.execute(age, [owner.info.backend_pid]).fetchone()
            seen.longest_transaction = max(seen.longest_transaction, float(row[0] or 0) if row else 0)


def wal(owner: Connection) -> int:
    row = owner.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
    assert row is not None
    return int(row[0])
