"""pg_cron keeps its jobs in the database ``postgres``, as on managed services, and the jobs are in others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from alembic import command

from ..cluster import Cluster, Connection, running
from ..conftest import SCHEDULES, alembic

ENTRIES = {**SCHEDULES, "run_overdue_job": "* * * * *", "prune_job_run_details": "7 3 * * *"}


@pytest.fixture(scope="package")
def managed() -> Iterator[Cluster]:
    with running("test-managed", "cron.database_name=postgres") as cluster:
        yield cluster


def of(cluster: Cluster, database: str) -> Cluster:
    """The same cluster, with another database as the jobs'."""

    def named(url: str) -> str:
        return f"{url.rpartition('/')[0]}/{database}"

    return replace(cluster, owner=named(cluster.owner), app=named(cluster.app), superuser=named(cluster.superuser))


@pytest.fixture
def cron(managed: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """The owner's connection to pg_cron's database, which CRON_DATABASE_URL names."""
    postgres = of(managed, "postgres")
    monkeypatch.setenv("CRON_DATABASE_URL", postgres.owner)
    with postgres.connect() as connection:
        connection.execute("SELECT cron.unschedule(jobid) FROM cron.job")
        yield connection


@pytest.fixture
def one(managed: Cluster, cron: Connection) -> Iterator[Cluster]:
    with identity(managed, "one") as one:
        yield one


@pytest.fixture
def two(managed: Cluster, cron: Connection) -> Iterator[Cluster]:
    with identity(managed, "two") as two:
        yield two


@contextmanager
def identity(managed: Cluster, name: str) -> Iterator[Cluster]:
    with as_superuser(managed) as superuser:
        superuser.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())  # of a suite that was killed
        superuser.execute(f"CREATE DATABASE {name} OWNER barycenter".encode())
    try:
        yield of(managed, name)
    finally:
        with as_superuser(managed) as superuser:
            superuser.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def as_superuser(managed: Cluster) -> Connection:
    """In pg_cron's database."""
    return managed.connect(of(managed, "postgres").superuser)


def upgrade(cluster: Cluster) -> None:
    command.upgrade(alembic(cluster.owner), "head")


def downgrade(cluster: Cluster) -> None:
    command.downgrade(alembic(cluster.owner), "base")


def registered(cron: Connection, database: str) -> dict[str, str]:
    rows = cron.execute(
        "SELECT jobname, schedule FROM cron.job WHERE active AND database IN (%s, 'postgres')",
        [database],
    ).fetchall()
    return {row.jobname: row.schedule for row in rows}


def everything(cron: Connection) -> list[object]:
    return list(cron.execute("SELECT * FROM cron.job ORDER BY jobid").fetchall())
