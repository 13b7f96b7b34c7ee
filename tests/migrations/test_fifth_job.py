"""A fifth job is a view, a function, a row in ``sql/jobs.sql``, and a revision: nothing in ``app/`` changes."""

import os
import shutil
import subprocess
from pathlib import Path

import httpx

from ..api.server import serving
from ..cluster import ROOT, Cluster
from ..conftest import executions

VIEW = """
CREATE VIEW public.expired_authorization_codes AS
SELECT code, expires_at FROM public.authorization_codes
WHERE expires_at < floor(extract(EPOCH FROM now()))::bigint;
"""
FUNCTION = """
CREATE FUNCTION public.cleanup_expired_codes(
    p_first_key bigint, p_last_key bigint, p_limit integer,
    OUT deleted bigint, OUT error_code text, OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT * INTO deleted, error_code, error_message
    FROM public.delete_expired(
        'public.expired_authorization_codes'::regclass, 'code'::name, p_first_key, p_last_key, p_limit
    );
END
$$;
"""
ROW = """    (
        5,
        'cleanup_expired_codes',
        'Clean up expired authorization codes',
        '15 * * * *',
        'authorization_codes',
        'expired_authorization_codes',
        false,
        NULL
    )
),
listed AS ("""


def add_fifth_job(project: Path) -> None:
    """What the README says, but for the revision."""
    (project / "sql/views/expired_authorization_codes.sql").write_text(VIEW)
    (project / "sql/functions/cleanup_expired_codes.sql").write_text(FUNCTION)
    grants = project / "sql/grants.sql"
    last = "    public.cleanup_expired_device_codes(bigint, bigint, integer)\n"
    new = "    public.cleanup_expired_codes(bigint, bigint, integer)\n"
    grants.write_text(grants.read_text().replace(last, last.rstrip() + ",\n" + new))
    catalogue = project / "sql/jobs.sql"
    catalogue.write_text(catalogue.read_text().replace("    )\n),\nlisted AS (", "    ),\n" + ROW))


def test_a_fifth_job_needs_a_function_a_row_and_a_revision(unmigrated: Cluster, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("sql", "migrations", "app", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, project / name)
    (tmp_path / "python").mkdir()
    (tmp_path / "python/barycenter_jobs").symlink_to(project / "app")
    add_fifth_job(project)

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
        owner.execute("CREATE TABLE authorization_codes (code varchar PRIMARY KEY, expires_at bigint NOT NULL)")
        owner.execute("INSERT INTO authorization_codes VALUES ('old', 1), ('new', 99999999999)")
        assert run("python", "-m", "barycenter_jobs.install.freeze", "0099").splitlines() == [
            "functions/cleanup_expired_codes.sql",
            "views/expired_authorization_codes.sql",
            "grants.sql",
            "jobs.sql",
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
