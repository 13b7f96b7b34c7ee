"""What the benchmarks share: a database of their own, rows to delete, and figures with their spread."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from alembic import command

from ..cluster import ROOT
from ..cluster.packaged import embedded
from ..conftest import alembic

Connection = psycopg.Connection[Any]
DIRECTORY = ROOT / ".local" / "bench"
ROUNDS = int(os.environ.get("ROUNDS", "5"))
ROWS = int(os.environ.get("ROWS", "2000000"))


class Sample(NamedTuple):
    """Times of one thing, milliseconds, one a round."""

    times: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    def __str__(self) -> str:
        return f"{self.median:,.0f} ({min(self.times):,.0f} to {max(self.times):,.0f})"


def ratio(times: list[float], beside: list[float]) -> float:
    """Of the medians."""
    return Sample(times).median / Sample(beside).median


@contextmanager
def database() -> Iterator[Connection]:
    """The owner's connection to a migrated database on a cluster of its own; no job runs by itself."""
    embedded("drop", DIRECTORY)
    url = embedded("start", DIRECTORY).removeprefix("DATABASE_URL=")
    try:
        command.upgrade(alembic(url), "head")
        with psycopg.connect(url, autocommit=True, options="-c search_path=public,barycenter_jobs") as owner:
            owner.execute("UPDATE job SET enabled = false")
            yield owner
    finally:
        embedded("drop", DIRECTORY)


def clock(work: Callable[[], object]) -> float:
    """How long it takes, milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def settle(owner: Connection, table: str) -> None:
    """Statistics and no dirty pages: what comes next pays for itself alone."""
    owner.execute(f"VACUUM (ANALYZE) {table}".encode())
    with psycopg.connect(superuser(owner), autocommit=True) as checkpointer:
        checkpointer.execute("CHECKPOINT")


def superuser(owner: Connection) -> str:
    name = (DIRECTORY / "postgresql" / "data").owner()
    return psycopg.conninfo.make_conninfo(owner.info.dsn, user=name, password=owner.info.password)


def count(owner: Connection, table: str) -> int:
    row = owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])
