"""The suite's database, and what tests do with it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from .cluster import ROOT, Cluster, Connection, choice, running

IDENTITY_TABLES = ("sessions", "refresh_tokens", "webauthn_challenges", "device_codes")
SESSIONS = "cleanup_expired_sessions"
CHALLENGES = "cleanup_expired_challenges"
TOKENS = "cleanup_expired_refresh_tokens"
DEVICE_CODES = "cleanup_expired_device_codes"
SCHEDULES = {
    "cleanup_expired_sessions": "0 * * * *",
    "cleanup_expired_refresh_tokens": "30 * * * *",
    "cleanup_expired_challenges": "*/5 * * * *",
    "cleanup_expired_device_codes": "45 * * * *",
}
RAN_ON = pytest.StashKey[str]()


def pytest_report_header() -> str:
    where = "the machine's packages" if choice() == "packages" else f"a container of debian:{choice()}-slim"
    return f"PostgreSQL: of {where}"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """pytest-xdist's: a worker has ended, and says which PostgreSQL it had."""
    if ran_on := getattr(node, "workeroutput", {}).get("ran_on"):
        node.config.stash[RAN_ON] = ran_on


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if RAN_ON in config.stash:
        terminalreporter.write_line(f"ran on {config.stash[RAN_ON]}")


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with running("test") as cluster:
        request.config.stash[RAN_ON] = description(cluster)
        if hasattr(request.config, "workeroutput"):
            request.config.workeroutput["ran_on"] = description(cluster)
        yield cluster


def description(cluster: Cluster) -> str:
    with cluster.connect(cluster.superuser) as superuser:
        [(release, workers)] = superuser.execute(
            "SELECT current_setting('server_version') AS release,"
            " current_setting('cron.use_background_workers') AS workers"
        ).fetchall()
    package = cluster.run("dpkg-query", "--show", "--showformat=${Version}", f"postgresql-{release.split('.')[0]}-cron")
    return (
        f"PostgreSQL {release.split()[0]}, pg_cron {package.partition('-')[0]},"
        f" {'background workers' if workers == 'on' else 'libpq'}"
    )


def alembic(url: str) -> Config:
    """Alembic's configuration, and DATABASE_URL for its env.py."""
    os.environ["DATABASE_URL"] = url
    return Config(toml_file=ROOT / "pyproject.toml")


def empty(cluster: Cluster) -> None:
    """The database as it was before anything of ours or of Barycenter's was there."""
    with cluster.connect(cluster.superuser) as superuser:
        superuser.execute("SET client_min_messages = warning")
        superuser.execute("DROP EXTENSION IF EXISTS pg_cron CASCADE")
        superuser.execute("DROP SCHEMA IF EXISTS barycenter_jobs CASCADE")
        superuser.execute("DROP SCHEMA public CASCADE")
        superuser.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        superuser.execute("CREATE EXTENSION pg_cron")
        superuser.execute("GRANT USAGE ON SCHEMA cron TO barycenter")


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> Cluster:
    empty(cluster)
    migrate(cluster)
    return cluster


@pytest.fixture
def unmigrated(migrated: Cluster) -> Iterator[Cluster]:
    """An empty database; it is a migrated one again afterwards."""
    migrated.wait()
    empty(migrated)
    alembic(migrated.owner)
    yield migrated
    empty(migrated)
    migrate(migrated)


def migrate(cluster: Cluster) -> None:
    """To head, and quiet: no job runs unless a test wants it to."""
    command.upgrade(alembic(cluster.owner), "head")
    with cluster.connect() as owner:
        owner.execute("UPDATE job SET enabled = false")
        owner.execute("GRANT barycenter_jobs_operator TO barycenter_jobs_app")


@pytest.fixture
def database(migrated: Cluster) -> Cluster:
    """The migrated database without rows, its jobs at their defaults."""
    migrated.wait()
    with migrated.connect() as owner:
        reset(owner)
    return migrated


def reset(owner: Connection) -> None:
    owner.execute(
        "UPDATE job SET enabled = false, paused_until = NULL, pause_reason = NULL, history_retention = '1 year',"
        " batch_time = '50 milliseconds', retention = CASE name WHEN %s THEN interval '24 hours'"
        " WHEN %s THEN interval '5 minutes' END",
        [TOKENS, CHALLENGES],
    )
    for name, schedule in SCHEDULES.items():
        owner.execute("UPDATE job SET schedule = %s WHERE name = %s AND schedule <> %s", [schedule, name, schedule])
    owner.execute("ALTER TABLE sessions RESET (fillfactor); ALTER TABLE refresh_tokens RESET (fillfactor)")
    owner.execute(
        "TRUNCATE sessions, refresh_tokens, webauthn_challenges, device_codes, job_execution, job_change, walk, found"
    )


@pytest.fixture
def owner(database: Cluster) -> Iterator[Connection]:
    with database.connect() as connection:
        yield connection


@pytest.fixture
def operator(database: Cluster) -> Iterator[Connection]:
    with database.connect(database.app) as connection:
        yield connection


def add_sessions(owner: Connection, count: int, expires_in: int, prefix: str = "s") -> None:
    """``count`` sessions that expire ``expires_in`` seconds from now."""
    owner.execute(
        """
        INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at)
        SELECT
            %(prefix)s || %(expires_in)s || '-' || n, 'subject', 0, 0,
            extract(EPOCH FROM now())::bigint + %(expires_in)s
        FROM generate_series(1, %(count)s) AS n
        """,
        {"prefix": prefix, "count": count, "expires_in": expires_in},
    )


@contextmanager
def as_pg_cron(cluster: Cluster, job_name: str = SESSIONS) -> Iterator[Connection]:
    """A connection as pg_cron makes it; the job is enabled, but not due for as long as the suite runs."""
    with cluster.connect() as owner:
        owner.execute(
            "UPDATE barycenter_jobs.job SET enabled = true, schedule = '0 0 29 2 *' WHERE name = %s", [job_name]
        )
    with cluster.connect(application_name="pg_cron") as pg_cron:
        yield pg_cron


def executions(owner: Connection, job_name: str = SESSIONS) -> list[Any]:
    return owner.execute("SELECT * FROM job_execution WHERE job_name = %s ORDER BY id", [job_name]).fetchall()


def count(owner: Connection, table: str) -> int:
    row = owner.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


MANY = 1500


def add_many_batches(owner: Connection) -> None:
    """Expired sessions that a run deletes in a handful of batches: the first has 4 pages, and each that is slow makes
    the next one smaller."""
    owner.execute("UPDATE job SET batch_time = '1 millisecond' WHERE name = %s", [SESSIONS])
    add_sessions(owner, MANY, -10)


@contextmanager
def trigger(
    owner: Connection,
    body: str,
    when: str = "AFTER DELETE ON sessions FOR EACH STATEMENT",
    name: str = "obstacle",
) -> Iterator[None]:
    """A trigger that gets in the way of a run, with ``body`` as its PL/pgSQL."""
    deferred = "CONSTRAINT" if "DEFERRED" in when else ""
    owner.execute(
        f"CREATE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN OLD; END $$"
    )
    owner.execute(f"CREATE {deferred} TRIGGER {name} {when} EXECUTE FUNCTION public.{name}()")
    try:
        yield
    finally:
        with psycopg.connect(owner.info.dsn, password=owner.info.password, autocommit=True) as again:
            again.execute("SET client_min_messages = warning")
            again.execute(f"DROP FUNCTION IF EXISTS public.{name} CASCADE")


class Run(threading.Thread):
    """A run in the background, by a login of its own."""

    def __init__(self, cluster: Cluster, job_name: str = SESSIONS, url: str | None = None) -> None:
        super().__init__(daemon=True)
        self.cluster = cluster
        self.connection = cluster.connect(url)
        self.pid = self.connection.info.backend_pid
        self.error: psycopg.Error | None = None
        self.job_name = job_name
        self.start()

    def run(self) -> None:
        try:
            self.connection.execute("CALL barycenter_jobs.run_job(%s)", [self.job_name])
        except psycopg.Error as error:
            self.error = error

    def kill(self) -> None:
        self.cluster.kill(self.pid)

    def end(self, seconds: float = 30) -> psycopg.Error | None:
        """Waits for the end; returns the error, if it ended in one."""
        self.join(timeout=seconds)
        assert not self.is_alive(), "the run goes on and on"
        self.connection.close()
        return self.error
