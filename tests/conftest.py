"""The suite's database: a cluster of its own, as ``make run`` has one, under ``.local/test``."""

import os
import pwd
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg.rows import namedtuple_row

Connection = psycopg.Connection[Any]

ROOT = Path(__file__).parents[1]
EMBEDDED = ROOT / "deploy" / "embedded"
DIRECTORY = ROOT / ".local" / "test"
IDENTITY_TABLES = ("sessions", "refresh_tokens", "webauthn_challenges", "device_codes")
SESSIONS = "cleanup_expired_sessions"
CHALLENGES = "cleanup_expired_challenges"


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL with pg_cron, and how to log in there."""

    owner: str
    app: str
    superuser: str

    def connect(self, url: str | None = None, **options: Any) -> Connection:
        return psycopg.connect(url or self.owner, autocommit=True, row_factory=namedtuple_row, **options)

    def wait(self, seconds: float = 30) -> None:
        """Until it takes connections again."""
        until(self._answers, seconds)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Waits for a condition that must come true within ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not so within {seconds} seconds"
        time.sleep(0.02)


def embedded(action: str, directory: Path = DIRECTORY) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    result = subprocess.run(
        [EMBEDDED, action, directory], env=environment, text=True, stdout=subprocess.PIPE, check=True
    )
    return result.stdout.strip()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    embedded("start")
    yield local_cluster()
    embedded("stop")


def local_cluster() -> Cluster:
    """The one that ``embedded("start")`` has started."""
    owner = (DIRECTORY / "owner.url").read_text().strip()
    superuser = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    return Cluster(
        owner=owner,
        app=(DIRECTORY / "app.url").read_text().strip(),
        superuser=owner.replace("//barycenter:", f"//{superuser}:"),
    )


def alembic(url: str) -> Config:
    """Alembic's configuration, and DATABASE_URL for its env.py."""
    os.environ["DATABASE_URL"] = url
    return Config(toml_file=ROOT / "pyproject.toml")


def empty(cluster: Cluster) -> None:
    """The database as it was before anything of ours or of Barycenter's was there."""
    with cluster.connect(cluster.superuser) as superuser:
        superuser.execute("SET client_min_messages = warning")
        superuser.execute("DROP SCHEMA public CASCADE")  # and the extension, which lives there
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
    with cluster.connect(cluster.superuser) as superuser:
        superuser.execute("GRANT barycenter_jobs_operator TO barycenter_jobs_app")


@pytest.fixture
def database(migrated: Cluster) -> Cluster:
    """The migrated database without rows, its jobs at their defaults."""
    migrated.wait()
    with migrated.connect() as owner:
        reset(owner)
    return migrated


def reset(owner: Connection) -> None:
    owner.execute(
        "UPDATE job SET enabled = false, batch_size = 10000, keep_history = '1 year',"
        " grace_period = CASE WHEN grace_period IS NOT NULL THEN interval '24 hours' END"
    )
    owner.execute("TRUNCATE sessions, refresh_tokens, webauthn_challenges, device_codes, job_execution, job_change")


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


def executions(owner: Connection, job_name: str = SESSIONS) -> list[Any]:
    return owner.execute("SELECT * FROM job_execution WHERE job_name = %s ORDER BY id", [job_name]).fetchall()


def count(owner: Connection, table: str) -> int:
    row = owner.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


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
        self.connection = cluster.connect(url)
        self.pid = self.connection.info.backend_pid
        self.error: psycopg.Error | None = None
        self.job_name = job_name
        self.start()

    def run(self) -> None:
        try:
            self.connection.execute("CALL run_job(%s)", [self.job_name])
        except psycopg.Error as error:
            self.error = error

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> psycopg.Error | None:
        """Waits for the end; returns the error, if it ended in one."""
        self.join(timeout=30)
        assert not self.is_alive(), "the run goes on and on"
        self.connection.close()
        return self.error
