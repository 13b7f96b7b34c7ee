"""The database image, as users run it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import psycopg
import pytest
from docker.models.containers import Container

from ..cluster import until
from ..cluster.contained import DEBIAN, image
from ..ports import free_port

PASSWORDS = {"OWNER_PASSWORD_FILE": "/run/secrets/password", "APP_PASSWORD_FILE": "/run/secrets/password"}


@pytest.fixture(scope="module")
def name() -> str:
    image(DEBIAN)
    return f"barycenter-jobs-database:{DEBIAN}"


@pytest.fixture
def volume() -> Iterator[str]:
    volume = docker.from_env().volumes.create()
    yield str(volume.name)
    volume.remove(force=True)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("first")
    return file


@contextmanager
def started(name: str, password: Path, volume: str, port: int, **environment: str) -> Iterator[Container]:
    container = docker.from_env().containers.run(
        name,
        detach=True,
        ports={"5432": ("127.0.0.1", port)},
        environment={**PASSWORDS, **environment},
        volumes={f"{password}": {"bind": "/run/secrets/password"}, volume: {"bind": "/var/lib/postgresql"}},
    )
    try:
        yield container
    finally:
        container.remove(force=True)


def health(container: Container) -> str:
    container.reload()
    return str(container.attrs["State"]["Health"]["Status"])


def connect(port: int, password: str, database: str = "barycenter") -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(f"postgresql://barycenter:{password}@127.0.0.1:{port}/{database}", autocommit=True)


def test_it_serves_the_named_database_without_root_and_stops_at_once_on_sigterm(
    name: str, password: Path, volume: str
) -> None:
    port = free_port()
    with started(name, password, volume, port, POSTGRES_DB="identity") as container:
        until(lambda: health(container) == "healthy", 60)
        users = {process[0] for process in container.top()["Processes"]}
        assert "root" not in users
        with connect(port, "first", "identity") as client:
            assert client.execute("SHOW cron.database_name").fetchall() == [("identity",)]
            assert client.execute("SELECT extname FROM pg_extension WHERE extname = 'pg_cron'").fetchall()
            began = time.monotonic()
            container.kill("SIGTERM")
            assert container.wait(timeout=30)["StatusCode"] == 0
            assert time.monotonic() - began < 10
        assert "database system is shut down" in container.logs().decode()


def test_data_outlives_the_container_and_a_new_password_holds_from_the_next_start(
    name: str, password: Path, volume: str
) -> None:
    port = free_port()
    with started(name, password, volume, port) as container:
        until(lambda: health(container) == "healthy", 60)
        with connect(port, "first") as owner:
            owner.execute("CREATE TABLE kept AS SELECT 1 AS one")
        container.stop()
    password.write_text("second")
    with started(name, password, volume, port) as container:
        until(lambda: health(container) == "healthy", 60)
        with connect(port, "second") as owner:
            assert owner.execute("TABLE kept").fetchall() == [(1,)]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(port, "first")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "database: OWNER_PASSWORD_FILE is not set: name a file that holds the password."),
        (
            ["-e", "OWNER_PASSWORD_FILE=/no"],
            "database: OWNER_PASSWORD_FILE names /no, which is empty or not to be read.",
        ),
    ],
)
def test_a_missing_password_is_one_sentence(name: str, arguments: list[str], sentence: str) -> None:
    result = subprocess.run(
        ["docker", "run", "--rm", *arguments, name], capture_output=True, text=True, check=False, timeout=60
    )
    assert (result.returncode, result.stderr) == (1, sentence + "\n")


def test_another_releases_data_is_left_alone(name: str, password: Path, volume: str) -> None:
    client = docker.from_env()
    old = ["sh", "-c", "mkdir -p /var/lib/postgresql/13/jobs"]
    client.containers.run(name, entrypoint=old, volumes={volume: {"bind": "/var/lib/postgresql"}}, remove=True)
    with started(name, password, volume, free_port()) as container:
        assert container.wait(timeout=30)["StatusCode"] == 1
        assert "The volume holds /var/lib/postgresql/13/jobs, and this is PostgreSQL" in container.logs().decode()


def test_a_second_container_on_the_same_volume_does_not_start(name: str, password: Path, volume: str) -> None:
    with started(name, password, volume, free_port()) as first:
        until(lambda: health(first) == "healthy", 60)
        with started(name, password, volume, free_port()) as second:
            assert second.wait(timeout=30)["StatusCode"] == 1
            assert "Another container runs on this volume" in second.logs().decode()
        assert health(first) == "healthy"


def test_it_stops_at_once_while_it_still_starts(name: str, password: Path, volume: str) -> None:
    with started(name, password, volume, free_port()) as container:
        time.sleep(0.3)
        began = time.monotonic()
        container.stop(timeout=30)
        assert time.monotonic() - began < 8
        container.start()
        until(lambda: health(container) == "healthy", 60)


def test_a_blank_password_is_none(name: str, password: Path, volume: str) -> None:
    password.write_text("\n")
    with started(name, password, volume, free_port()) as container:
        assert container.wait(timeout=30)["StatusCode"] == 1
        assert "OWNER_PASSWORD_FILE names /run/secrets/password, which is empty" in container.logs().decode()


def test_the_volumes_owner_has_the_same_number_in_every_release(name: str) -> None:
    command = ["docker", "run", "--rm", "--entrypoint", "id", name, "-u"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "5432\n"


def test_a_volume_of_another_user_is_one_sentence(name: str, password: Path, volume: str) -> None:
    mine = ["sh", "-c", "touch /var/lib/postgresql/mine && chown -R root:root /var/lib/postgresql"]
    docker.from_env().containers.run(
        name, user="root", entrypoint=mine, volumes={volume: {"bind": "/var/lib/postgresql"}}, remove=True
    )
    with started(name, password, volume, free_port()) as container:
        assert container.wait(timeout=30)["StatusCode"] == 1
        sentence = "database: The volume is not for user 5432: give it to that user, or take a new one.\n"
        assert container.logs().decode() == sentence
