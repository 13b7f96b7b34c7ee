"""A PostgreSQL of the machine's own packages, as ``make run`` has one."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ..ports import free_port
from .base import ROOT, Cluster, until

EMBEDDED = ROOT / "deploy" / "embedded"


@dataclass(frozen=True)
class Packaged(Cluster):
    """In a folder of ``.local/``."""

    directory: Path

    @classmethod
    @contextmanager
    def running(cls, name: str, settings: Sequence[str]) -> Iterator[Self]:
        directory = ROOT / ".local" / name
        embedded("start", directory)
        embedded("stop", directory)
        [etc] = (directory / "postgresql").resolve().glob("etc/*/jobs")
        (etc / "conf.d" / "tests.conf").write_text("".join(f"{setting}\n" for setting in settings))
        # Where no other embedded cluster looks for a port: one that is started while this one is down would take it.
        main = etc / "postgresql.conf"
        main.write_text(re.sub(r"(?m)^port = \d+", f"port = {free_port()}", main.read_text()))
        url = embedded("start", directory).removeprefix("DATABASE_URL=")
        superuser = (directory / "postgresql" / "data").owner()
        cluster = cls(
            owner=url,
            app=url.replace("//barycenter:", "//barycenter_jobs_app:"),
            superuser=url.replace("//barycenter:", f"//{superuser}:"),
            directory=directory,
        )
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
        Path(self.clock).write_text(offset)

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
