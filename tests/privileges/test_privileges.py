"""What each role may do and, in full, what it may not: the pgTAP suites beside this file."""

import subprocess
from pathlib import Path

import pytest

from ..cluster import Cluster

SUITES = sorted(Path(__file__).parent.glob("*.sql"))
BEFORE = (
    "BEGIN; SET client_min_messages = warning; CREATE SCHEMA tap; CREATE EXTENSION pgtap SCHEMA tap;"
    " GRANT USAGE ON SCHEMA tap TO PUBLIC; SET search_path = public, barycenter_jobs, tap; CREATE ROLE stranger"
)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.stem)
def test_a_role_may_do_what_it_needs_and_nothing_else(database: Cluster, suite: Path) -> None:
    finish = ["-c", "SELECT * FROM finish()", "-c", "ROLLBACK"]
    output = subprocess.run(
        ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", BEFORE, "-f", suite, *finish, database.superuser],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = output.stdout.splitlines()
    assert output.returncode == 0, output.stderr
    assert lines[0].startswith("1..")
    assert [line for line in lines[1:] if not line.startswith("ok ")] == []
    assert len(lines) == 1 + int(lines[0].removeprefix("1.."))
