"""``make run`` from nothing to the running product, and all that it started ends with it."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from ..cluster import ROOT, until
from ..cluster.packaged import embedded
from ..ports import free_port, is_listening

JOBS = {"query": "{ availableJobs { name schedule } }"}


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    directory = ROOT / ".local" / "test-run"
    embedded("drop", directory)
    yield directory
    embedded("drop", directory)


def run(directory: Path, port: int, **environment: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        ["make", "--no-print-directory", "run", f"LOCAL={directory}"],
        cwd=ROOT,
        env={**inherited, "JOBS_PORT": f"{port}", **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def is_up(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def owner_url(directory: Path) -> str:
    return (directory / "owner.url").read_text().strip()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_told_to_stop_and_finds_its_data_again(directory: Path, end: signal.Signals) -> None:
    port = free_port()
    with run(directory, port) as process:
        until(lambda: is_listening(port) or process.poll() is not None, seconds=90)
        url = owner_url(directory)
        answer = httpx.post(f"http://127.0.0.1:{port}/admin/jobs", json=JOBS).json()
        assert [job["schedule"] for job in answer["data"]["availableJobs"]] == [
            "0 0 * * * *",
            "0 30 * * * *",
            "0 */5 * * * *",
            "0 45 * * * *",
        ]
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz); INSERT INTO visits VALUES (now())")
            visits = owner.execute("SELECT count(*) FROM visits").fetchone()
            assert visits == (1 if end == signal.SIGINT else 2,)
            assert owner.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        os.killpg(process.pid, end)  # as a terminal does, or a supervisor
        output, _ = process.communicate(timeout=60)
    assert f"DATABASE_URL={url}" in output.splitlines()
    assert f"http://127.0.0.1:{port}/admin/jobs" in output
    assert "Traceback" not in output
    assert not is_up(url)
    assert not is_listening(port)


def test_a_start_that_fails_half_way_leaves_nothing_running(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with run(directory, taken.getsockname()[1]) as process:
            output, _ = process.communicate(timeout=90)
        assert process.returncode != 0
        assert "Address already in use. Set JOBS_HOST or JOBS_PORT." in output
    [url] = [line.removeprefix("DATABASE_URL=") for line in output.splitlines() if line.startswith("DATABASE_URL=")]
    assert not is_up(url)


@contextmanager
def server(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield


@contextmanager
def client(port: int) -> Iterator[None]:
    """Holds the port as the near end of a connection: nobody answers there, and nobody else can have it."""
    with socket.create_server(("127.0.0.1", 0)) as far, socket.socket() as near:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # past what the stopped server has left there
        near.bind(("127.0.0.1", port))
        near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        near.connect(far.getsockname())
        yield


@pytest.mark.parametrize("taken", [server, client])
def test_a_database_port_that_is_taken_makes_it_take_another(
    directory: Path, taken: Callable[[int], AbstractContextManager[None]]
) -> None:
    first = embedded("start", directory).removeprefix("DATABASE_URL=")
    embedded("stop", directory)
    port = psycopg.conninfo.conninfo_to_dict(first)["port"]
    with taken(int(port or 0)):
        second = embedded("start", directory).removeprefix("DATABASE_URL=")
        try:
            assert psycopg.conninfo.conninfo_to_dict(second)["port"] != port
            assert is_up(second)
        finally:
            embedded("stop", directory)


def test_with_a_database_of_ones_own_it_starts_none(directory: Path) -> None:
    url = embedded("start", directory).removeprefix("DATABASE_URL=")
    port = free_port()
    try:
        with run(directory / "unused", port, DATABASE_URL=url) as process:
            until(lambda: is_listening(port) or process.poll() is not None, seconds=30)
            assert httpx.post(f"http://127.0.0.1:{port}/admin/jobs", json=JOBS).status_code == 200
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=60)
        assert is_up(url)
        assert not (directory / "unused").exists()
    finally:
        embedded("stop", directory)


def test_after_a_crash_it_still_stops_the_database_that_it_started(directory: Path) -> None:
    embedded("start", directory)
    pid = int((directory / "postgresql/data/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists())
    port = free_port()
    with run(directory, port) as process:
        until(lambda: is_listening(port) or process.poll() is not None, seconds=60)
        url = owner_url(directory)
        os.killpg(process.pid, signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert not is_up(url), output


def test_a_second_one_is_told_so_and_leaves_the_first_alone(directory: Path) -> None:
    port = free_port()
    with run(directory, port) as first:
        until(lambda: is_listening(port) or first.poll() is not None, seconds=60)
        with run(directory, free_port()) as second:
            output, _ = second.communicate(timeout=60)
        assert second.returncode != 0
        assert "make run is at work here already: stop it there" in output
        assert httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
        os.killpg(first.pid, signal.SIGTERM)
        first.communicate(timeout=60)


def test_the_database_may_be_named_by_a_file(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(embedded("start", directory).removeprefix("DATABASE_URL=") + "\n")
    port = free_port()
    try:
        with run(directory / "unused", port, DATABASE_URL_FILE=f"{file}") as process:
            until(lambda: is_listening(port) or process.poll() is not None, seconds=30)
            assert httpx.post(f"http://127.0.0.1:{port}/admin/jobs", json=JOBS).status_code == 200
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=60)
        assert not (directory / "unused").exists()
    finally:
        embedded("stop", directory)


def test_no_password_is_shown_in_the_list_of_processes(directory: Path) -> None:
    password = (directory / "postgresql/password").read_text().strip()
    assert len(password) > 20
    port = free_port()
    with run(directory, port) as process:
        looks = 0
        while not is_listening(port):
            assert process.poll() is None
            shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
            assert password not in shown
            looks += 1
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
    assert looks > 5
