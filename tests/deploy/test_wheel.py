"""The wheel: one import name, no more than it needs, and all that a deployment needs, outside of any checkout."""

import hashlib
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest

from ..cluster import ROOT, Cluster, until
from ..ports import free_port, is_listening

ALEMBIC_INI = "[alembic]\nscript_location = barycenter_jobs:migrations\n"


def build(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, ROOT], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin/ of a virtual environment with the locked requirements and the wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    for arguments in (
        ["install", "--require-hashes", "-r", f"{ROOT / 'requirements.txt'}"],
        ["install", "--no-deps", "--no-index", f"{wheel}"],
        ["check"],
    ):
        pip = [f"{folder / 'bin' / 'python'}", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *arguments], check=True)
    return folder / "bin"


def test_it_holds_the_app_the_migrations_and_the_sql_under_one_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"barycenter_jobs", "barycenter_jobs-0.1.0.dist-info"}
    held = {name.removeprefix("barycenter_jobs/") for name in names}
    for folder, place in (("app", ""), ("migrations", "migrations/"), ("sql", "sql/")):
        tracked = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "."],
            cwd=ROOT / folder,
            capture_output=True,
            text=True,
            check=True,
        )
        there = {place + name for name in tracked.stdout.splitlines() if (ROOT / folder / name).exists()}
        assert there <= held
        held -= there
    assert {name.split("/")[-1] for name in held} == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "LICENSE"}


def test_it_requires_what_it_runs_on_and_no_tool(wheel: Path) -> None:
    metadata = message_from_bytes(zipfile.ZipFile(wheel).read("barycenter_jobs-0.1.0.dist-info/METADATA"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    required = {requirement.split(";")[0].strip() for requirement in metadata.get_all("Requires-Dist", [])}
    assert len(required) == len(project["project"]["dependencies"])
    for tool in ("pytest", "testcontainers", "hatchling", "ruff", "mypy", "httpx"):
        assert not any(requirement.startswith(tool) for requirement in required)


def test_it_is_the_same_bytes_each_time(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


@pytest.mark.parametrize("migrate", [("barycenter-jobs", "migrate"), ("alembic", "upgrade", "head")])
def test_it_migrates_and_serves_outside_any_checkout(
    installed: Path, unmigrated: Cluster, tmp_path: Path, migrate: tuple[str, ...]
) -> None:
    (tmp_path / "alembic.ini").write_text(ALEMBIC_INI)
    port = free_port()
    environment = {"DATABASE_URL": unmigrated.owner, "JOBS_PORT": f"{port}", "PATH": os.environ["PATH"]}
    subprocess.run([installed / migrate[0], *migrate[1:]], cwd=tmp_path, env=environment, check=True)
    with subprocess.Popen([installed / "barycenter-jobs", "serve"], cwd=tmp_path, env=environment) as server:
        try:
            until(lambda: is_listening(port) or server.poll() is not None)
            query = {"query": "{ availableJobs { name } }"}
            answer = httpx.post(f"http://127.0.0.1:{port}/admin/jobs", json=query, timeout=20).json()
            assert len(answer["data"]["availableJobs"]) == 4
            assert httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=20).status_code == 200
        finally:
            server.terminate()


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_what_is_missing_is_one_sentence(installed: Path, tmp_path: Path, command: str) -> None:
    result = subprocess.run(
        [installed / "barycenter-jobs", command], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    sentence = "DATABASE_URL is not set: give it as postgresql://user:password@host:port/database."
    assert result.stderr == f"barycenter-jobs: {sentence}\n"
