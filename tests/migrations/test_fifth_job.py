"""A fifth job is a fifth file in ``sql/jobs/``, and a revision: nothing in ``app/`` changes."""

import os
import shutil
import subprocess
from pathlib import Path

import httpx

from ..api.server import serving
from ..cluster import ROOT, Cluster
from ..conftest import executions

JOB = """
CREATE OR REPLACE VIEW barycenter_jobs.expired_codes AS
SELECT ctid AS row_id, code, expires_at
FROM authorization_codes
WHERE expires_at < now();

COMMENT ON VIEW barycenter_jobs.expired_codes IS 'What cleanup_expired_codes deletes: codes past expires_at.';

SELECT barycenter_jobs.create_job(
    'cleanup_expired_codes',
    expired => 'barycenter_jobs.expired_codes',
    schedule => '15 * * * *',
    description => 'Clean up expired authorization codes'
);
"""


def test_a_fifth_job_is_a_file_and_a_revision(unmigrated: Cluster, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("sql", "migrations", "app", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, project / name)
    (tmp_path / "python").mkdir()
    (tmp_path / "python/barycenter_jobs").symlink_to(project / "app")
    (project / "sql/jobs/cleanup_expired_codes.sql").write_text(JOB)

    def run(*command: str) -> str:
        environment = {**os.environ, "DATABASE_URL": unmigrated.owner, "PYTHONPATH": f"{tmp_path / 'python'}"}
        python = ROOT / ".venv" / "bin"
        return subprocess.run(
            [python / command[0], *command[1:]],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    run("alembic", "upgrade", "head")
    with unmigrated.connect() as owner:
        owner.execute("CREATE TABLE authorization_codes (code varchar PRIMARY KEY, expires_at timestamptz NOT NULL)")
        owner.execute("INSERT INTO authorization_codes VALUES ('old', now() - interval '1 s'), ('new', 'infinity')")
        assert run("python", "-m", "barycenter_jobs.install.freeze", "0099").splitlines() == [
            "jobs/cleanup_expired_codes.sql"
        ]
        run("alembic", "revision", "--rev-id", "0099", "-m", "a fifth job")
        run("alembic", "upgrade", "head")
        owner.execute("UPDATE job SET enabled = false")

        # The app is started from its own place: not a line of it knows of the job.
        with serving(unmigrated.owner) as url:
            jobs = httpx.post(url, json={"query": "{ availableJobs { name schedule } }"}).json()["data"][
                "availableJobs"
            ]
            assert jobs[-1] == {"name": "cleanup_expired_codes", "schedule": "0 15 * * * *"}
            query = 'mutation { triggerJob(jobName: "cleanup_expired_codes") { success recordsProcessed } }'
            answer = httpx.post(url, json={"query": query}).json()["data"]["triggerJob"]
            assert answer == {"success": True, "recordsProcessed": 1}
        assert owner.execute("SELECT code FROM authorization_codes").fetchall() == [("new",)]

        run("alembic", "downgrade", "-1")
        assert len(owner.execute("SELECT FROM job").fetchall()) == 4
        assert owner.execute("SELECT to_regproc('cleanup_expired_codes')").fetchone() == (None,)
        assert len(executions(owner, "cleanup_expired_codes")) == 1
        owner.execute("DROP TABLE authorization_codes")
