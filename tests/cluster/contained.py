"""A PostgreSQL in a container of the database image that users have, started by testcontainers."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import docker
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from ..ports import free_port
from .base import ROOT, Cluster, until

DEBIAN = "trixie"
PASSWORD = "no secret"


@dataclass(frozen=True)
class Contained(Cluster):
    """Of a Debian release."""

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
        self._write(self.clock, offset)

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
        )
    return names["tests"]
