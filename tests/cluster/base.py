"""What the suite asks of a PostgreSQL with pg_cron, wherever it runs."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.rows import namedtuple_row

Connection = psycopg.Connection[Any]

ROOT = Path(__file__).parents[2]
# As `make psql` and the documents set it, so that tests say what people type.
SEARCH_PATH = "-c search_path=public,barycenter_jobs"


@dataclass(frozen=True)
class Cluster(ABC):
    """A PostgreSQL with pg_cron, how to log in there, and what can be done to it."""

    owner: str
    app: str
    superuser: str

    def connect(self, url: str | None = None, options: str = "", **parameters: Any) -> Connection:
        return psycopg.connect(
            url or self.owner,
            autocommit=True,
            row_factory=namedtuple_row,
            options=f"{SEARCH_PATH} {options}",
            **parameters,
        )

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

    @property
    def clock(self) -> str:
        """The file that says how far a false clock is off."""
        return f"/tmp/clock-{self.owner.rpartition(':')[2].partition('/')[0]}"  # its port

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
        library = self.run("sh", "-c", "echo /usr/lib/*/faketime/libfaketimeMT.so.1").strip()
        self.stop()
        self._set_environment(
            f"LD_PRELOAD='{library}'\nFAKETIME_TIMESTAMP_FILE='{self.clock}'\nFAKETIME_NO_CACHE='1'\n"
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


def at_port(url: str, port: int) -> str:
    head, _, tail = url.rpartition(":")
    return f"{head}:{port}/{tail.partition('/')[2]}"


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Waits for a condition that must come true within ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not so within {seconds} seconds"
        time.sleep(0.02)
