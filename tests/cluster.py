"""The suite's PostgreSQL with pg_cron: in a container where a Docker engine answers, else of the machine's packages.

``TEST_POSTGRESQL`` chooses: ``packages``, or the Debian release whose PostgreSQL the container has (``trixie``).
``TEST_POSTGRESQL_OPTIONS`` are settings of that server, such as ``cron.use_background_workers=on``.
"""

import io
import os
import pwd
import signal
import subprocess
import tarfile
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

import docker
import psycopg
from psycopg.rows import namedtuple_row
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from .ports import free_port

Connection = psycopg.Connection[Any]

ROOT = Path(__file__).parents[1]
EMBEDDED = ROOT / "deploy" / "embedded"
DEBIAN = "trixie"
CLOCK = "/tmp/clock"
PASSWORD = "no secret"


@dataclass(frozen=True)
class Cluster(ABC):
    """A PostgreSQL with pg_cron, how to log in there, and what can be done to it."""

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

    def behind(self, port: int) -> Self:
        """The same cluster, by way of another port."""
        return replace(self, **{login: at_port(getattr(self, login), port) for login in ("owner", "app")})

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def kill(self, pid: int) -> None:
        """SIGKILL to a backend, if it still runs, which makes PostgreSQL restart all its processes."""

    @abstractmethod
    def crash(self) -> None:
        """The server stops at once, as if the power had failed."""

    @abstractmethod
    def run(self, *command: str) -> str:
        """A command where the server is; what it prints."""

    @abstractmethod
    def dump(self, *options: str) -> str:
        """pg_dump, of the server's own release."""

    @abstractmethod
    def log(self) -> list[str]: ...

    @abstractmethod
    def set_clock(self, offset: str) -> None:
        """How far the clock of a cluster with a false one is off, from its next reading on."""

    @abstractmethod
    def _set_environment(self, lines: str) -> None:
        """What the server is started with, in the shell's syntax."""

    @contextmanager
    def with_a_false_clock(self) -> Iterator[None]:
        """libfaketime stands between PostgreSQL and the system's clock."""
        self.stop()
        self._set_environment(
            f"LD_PRELOAD='{LIBFAKETIME}'\nFAKETIME_TIMESTAMP_FILE='{CLOCK}'\nFAKETIME_NO_CACHE='1'\n"
            "FAKETIME_DONT_FAKE_MONOTONIC='1'\n"
        )
        self.set_clock("+0")
        self.start()
        try:
            yield
        finally:
            self.stop()
            self._set_environment("")
            self.start()


# Debian has it at the same place in every release.
[LIBFAKETIME] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")


@dataclass(frozen=True)
class Packaged(Cluster):
    """Of the machine's own packages, as ``make run`` has one, in a folder of ``.local/``."""

    directory: Path

    @classmethod
    @contextmanager
    def running(cls, name: str, settings: Sequence[str]) -> Iterator[Self]:
        directory = ROOT / ".local" / name
        url = embedded("start", directory).removeprefix("DATABASE_URL=")
        superuser = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        cluster = cls(
            owner=url,
            app=url.replace("//barycenter:", "//barycenter_jobs_app:"),
            superuser=url.replace("//barycenter:", f"//{superuser}:"),
            directory=directory,
        )
        (cluster._etc() / "conf.d" / "tests.conf").write_text("".join(f"{setting}\n" for setting in settings))
        cluster.stop()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()

    def start(self) -> None:
        embedded("start", self.directory)

    def stop(self) -> None:
        embedded("stop", self.directory)

    def kill(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def crash(self) -> None:
        pid = (self.directory / "postgresql/data/postmaster.pid").read_text().split()[0]
        self.run("kill", "-QUIT", pid)
        until(lambda: not Path(f"/proc/{pid}").exists(), 30)

    def run(self, *command: str) -> str:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    def dump(self, *options: str) -> str:
        return self.run("pg_dump", *options, self.owner)

    def log(self) -> list[str]:
        return (self.directory / "postgresql" / "postgresql.log").read_text(errors="replace").splitlines()

    def set_clock(self, offset: str) -> None:
        Path(CLOCK).write_text(offset)

    def _set_environment(self, lines: str) -> None:
        file = self._etc() / "environment"
        kept = [line for line in file.read_text().splitlines() if line.startswith(("#", "PGPASSFILE"))]
        file.write_text("\n".join([*kept, lines]))

    def _etc(self) -> Path:
        [etc] = (self.directory / "postgresql").resolve().glob("etc/*/jobs")
        return etc


def embedded(action: str, directory: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    result = subprocess.run(
        [EMBEDDED, action, directory], env=environment, text=True, stdout=subprocess.PIPE, check=True
    )
    return result.stdout.strip()


@dataclass(frozen=True)
class Contained(Cluster):
    """In a container of the database image that users have, started by testcontainers."""

    container: DockerContainer

    @classmethod
    @contextmanager
    def running(cls, debian: str, settings: Sequence[str]) -> Iterator[Self]:
        port = free_port()
        testcontainers_config.ryuk_disabled = True  # it would be pulled; the container is removed below
        with tempfile.NamedTemporaryFile("w") as password:
            password.write(PASSWORD)
            password.flush()
            Path(password.name).chmod(0o644)
            container = (
                DockerContainer(image(debian))
                .with_volume_mapping(password.name, "/run/secrets/password")
                .with_env("OWNER_PASSWORD_FILE", "/run/secrets/password")
                .with_env("APP_PASSWORD_FILE", "/run/secrets/password")
                .with_command([part for setting in settings for part in ("-c", setting)])
                .with_kwargs(shm_size="256m")
            )
            # A port that stays when it is stopped and started, and that nobody else can reach.
            container.ports["5432"] = ("127.0.0.1", port)  # type: ignore[assignment]
            with container:
                url = "postgresql://{}:" + PASSWORD.replace(" ", "%20") + f"@127.0.0.1:{port}/barycenter"
                cluster = cls(
                    owner=url.format("barycenter"),
                    app=url.format("barycenter_jobs_app"),
                    superuser=url.format("postgres"),
                    container=container,
                )
                cluster.start()
                cluster.run("psql", "-qXc", f"ALTER ROLE postgres PASSWORD '{PASSWORD}'")
                yield cluster

    def start(self) -> None:
        self.container.get_wrapped_container().start()
        until(self._is_healthy, 60)
        self.wait()

    def _is_healthy(self) -> bool:
        return bool(self._exec("/usr/local/lib/barycenter-jobs/database", "--healthy").exit_code == 0)

    def stop(self) -> None:
        self.container.get_wrapped_container().stop(timeout=60)

    def kill(self, pid: int) -> None:
        self._exec("sh", "-c", f"kill -KILL {pid}")  # not every image has the command

    def crash(self) -> None:
        self.run("sh", "-c", "kill -QUIT $(head -1 /var/lib/postgresql/*/jobs/postmaster.pid)")
        self.container.get_wrapped_container().wait(timeout=30)

    def dump(self, *options: str) -> str:
        return self.run("pg_dump", "-U", "barycenter", *options, "barycenter")

    def log(self) -> list[str]:
        return bytes(self.container.get_wrapped_container().logs()).decode(errors="replace").splitlines()

    def set_clock(self, offset: str) -> None:
        self._write(CLOCK, offset)

    def _set_environment(self, lines: str) -> None:
        self._write("/tmp/environment", lines)

    def _write(self, path: str, text: str) -> None:
        """Also where it is stopped."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            member = tarfile.TarInfo(path.removeprefix("/"))
            member.size, member.mode = len(text), 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
        self.container.get_wrapped_container().put_archive("/", archive.getvalue())

    def _exec(self, *command: str) -> Any:
        return self.container.get_wrapped_container().exec_run(list(command))

    def run(self, *command: str) -> str:
        result = self._exec(*command)
        assert result.exit_code == 0, result.output.decode()
        return str(result.output.decode())


def image(debian: str) -> str:
    """The database image of a Debian release with what the suite needs besides, built where that is due."""
    subprocess.run([ROOT / "tests" / "base_image", debian], check=True)
    names = {"deploy": f"barycenter-jobs-database:{debian}", "tests": f"barycenter-jobs-database-test:{debian}"}
    for folder, name in names.items():
        docker.from_env().images.build(
            path=f"{ROOT}",
            dockerfile=f"{folder}/database.Dockerfile",
            tag=name,
            buildargs={"DEBIAN": debian},
            network_mode="host",
        )
    return names["tests"]


@cache
def engine_answers() -> bool:
    """Docker's own command is asked: the images are made with it, too."""
    try:
        return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def choice() -> str:
    """``packages``, or a Debian release."""
    return os.environ.get("TEST_POSTGRESQL") or (DEBIAN if engine_answers() else "packages")


def running(name: str, *settings: str) -> AbstractContextManager[Cluster]:
    """The chosen kind of cluster; ``settings`` are the server's, ``name=value``."""
    settings = (*os.environ.get("TEST_POSTGRESQL_OPTIONS", "").split(), *settings)
    if choice() == "packages":
        return Packaged.running(name, settings)
    return Contained.running(choice(), settings)


def at_port(url: str, port: int) -> str:
    head, _, tail = url.rpartition(":")
    return f"{head}:{port}/{tail.partition('/')[2]}"


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Waits for a condition that must come true within ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not so within {seconds} seconds"
        time.sleep(0.02)
