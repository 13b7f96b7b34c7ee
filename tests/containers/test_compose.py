"""``docker compose up``, with nothing but the README's lines: to a triggered job, and to a later revision."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..cluster import ROOT, until
from ..cluster.contained import DEBIAN
from ..conftest import SESSIONS
from ..migrations.test_fifth_job import JOB
from ..ports import free_port

NAME = "barycenter-jobs-test"
PLUGIN = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
COMPOSE = "docker compose" if PLUGIN else "docker-compose"


class Services:
    """The services of a checkout's compose.yaml."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.port = free_port()
        self.environment = {**os.environ, "JOBS_PORT": f"{self.port}", "COMPOSE_PROJECT_NAME": NAME}

    def compose(self, *arguments: str) -> str:
        return self._run(*COMPOSE.split(), *arguments)

    def type(self, lines: str) -> str:
        """On a terminal; what then stands there."""
        return self._run("script", "--quiet", "--return", "--command", f"set -e\n{lines}", "/dev/null")

    def _run(self, *command: str) -> str:
        result = subprocess.run(
            command, cwd=self.project, env=self.environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def up(self) -> None:
        self.compose("up", "--build", "-d")
        until(self._is_ready, 90)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, query: str) -> Any:
        token = (self.project / "deploy/secrets/admin_token").read_text()
        response = httpx.post(
            f"http://127.0.0.1:{self.port}/admin/jobs",
            json={"query": query},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        return response.json()["data"]

    def inspect(self) -> dict[str, Any]:
        """What the engine says of each service's container."""
        ids = self.compose("ps", "-q").split()
        inspected = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True).stdout
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in json.loads(inspected)}


def readme() -> str:
    """The README's lines for Docker, up to the last, which takes all down."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    [lines] = [block for block in blocks if "docker compose up" in block]
    lines, _, last = lines.replace("docker compose", COMPOSE).rpartition(f"{COMPOSE} down")
    assert last.count("\n") == 1
    return str(lines)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """As the README's lines leave them."""
    subprocess.run([ROOT / "tests" / "base_image", DEBIAN], check=True)
    project = tmp_path_factory.mktemp("compose") / "project"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, project / name)
    services = Services(project)
    services.compose("down", "--volumes")  # what a run that was killed has left
    try:
        seen = services.type(readme().replace(":8081", f":{services.port}"))
        assert '"message":"Job cleanup_expired_sessions triggered successfully"' in seen
        assert re.search(r"cleanup_expired_sessions +\| .*:00:00\+00 \| f", seen)
        yield services
    finally:
        services.compose("down", "--volumes", "--rmi", "local")


def test_the_readmes_lines_lead_to_a_job_that_deletes_what_has_expired(services: Services) -> None:
    services.compose(
        "exec", "-T", "database", "psql", "-U", "barycenter", "-c",
        "INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at) VALUES ('s', 's', 0, 0, 1)",
    )  # fmt: skip
    answer = services.ask(f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success recordsProcessed }} }}')
    assert answer == {"triggerJob": {"success": True, "recordsProcessed": 1}}
    assert httpx.post(f"http://127.0.0.1:{services.port}/admin/jobs", json={"query": "{ x }"}).status_code == 401


def test_nothing_but_the_api_is_reached_from_outside_and_that_from_this_machine_alone(services: Services) -> None:
    published = {
        name: [host["HostIp"] for hosts in each["HostConfig"]["PortBindings"].values() for host in hosts]
        for name, each in services.inspect().items()
    }
    assert published == {"database": [], "migrate": [], "api": ["127.0.0.1"]}


def test_no_service_is_root_or_can_become_it_or_holds_a_secret_in_its_environment(services: Services) -> None:
    secrets = [file.read_text() for file in (services.project / "deploy/secrets").iterdir()]
    for each in services.inspect().values():
        assert each["Config"]["User"] in ("postgres", "barycenter-jobs")
        assert each["HostConfig"]["CapDrop"] == ["ALL"]
        assert each["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"]
        assert not any(secret in json.dumps(each) for secret in secrets)


def test_every_service_is_healthy(services: Services) -> None:
    def states() -> dict[str, str]:
        found = services.inspect()
        return {name: found[name]["State"]["Health"]["Status"] for name in ("database", "api")}

    until(lambda: states() == {"database": "healthy", "api": "healthy"}, 60)
    assert services.inspect()["migrate"]["State"]["ExitCode"] == 0


def test_a_later_revision_is_an_up_away_and_what_was_logged_stays(services: Services, tmp_path: Path) -> None:
    before = services.ask("{ jobLogs { id } }")["jobLogs"]
    (services.project / "sql/jobs/cleanup_expired_codes.sql").write_text(JOB)
    (tmp_path / "barycenter_jobs").symlink_to(services.project / "app")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}", "DATABASE_URL": "postgresql://"}
    for command in (
        ["python", "-m", "barycenter_jobs.install.freeze", "0099"],
        ["alembic", "revision", "--rev-id", "0099", "-m", "a fifth job"],
    ):
        program = ROOT / ".venv" / "bin" / command[0]
        subprocess.run([program, *command[1:]], cwd=services.project, env=environment, check=True)
    services.compose(
        "exec", "-T", "database", "psql", "-U", "barycenter", "-c",
        "CREATE TABLE authorization_codes (code varchar PRIMARY KEY, expires_at timestamptz NOT NULL)",
    )  # fmt: skip
    services.up()
    until(lambda: len(services.ask("{ availableJobs { name } }")["availableJobs"]) == 5, 30)
    assert services.ask("{ jobLogs { id } }")["jobLogs"] == before
