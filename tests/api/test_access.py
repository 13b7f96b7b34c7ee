"""Who may ask: bearer tokens of operators and viewers, and what is written down of it."""

import json
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest

from barycenter_jobs.settings import Settings, SettingsError

from ..cluster import Cluster, Connection
from ..conftest import SESSIONS, executions
from .server import LOG, serving

ADMIN, VIEWER = "t0p-s3cret", "only-l00king"
JOBS = {"query": "{ availableJobs { name } }"}
TRIGGER = {"query": f'mutation Clean {{ triggerJob(jobName: "{SESSIONS}") {{ success }} }}'}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def guarded(migrated: Cluster) -> Iterator[str]:
    digest = sha256(ADMIN.encode()).hexdigest()
    with serving(migrated.app, JOBS_ADMIN_TOKEN=f"sha256:{digest}", JOBS_VIEWER_TOKEN=VIEWER) as url:
        yield url


@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Bearer no", f"Basic {ADMIN}", ADMIN, f"Bearer {ADMIN}x", "Bearer ä"]
)
def test_without_a_right_token_the_answer_is_401(guarded: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    response = httpx.post(guarded, json=JOBS, headers=headers)  # type: ignore[arg-type]
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json() == {"errors": [{"message": "Give a token: Authorization: Bearer <token>."}]}


def test_the_digest_of_a_token_is_not_the_token(guarded: str) -> None:
    digest = sha256(ADMIN.encode()).hexdigest()
    for token in (digest, f"sha256:{digest}"):
        assert httpx.post(guarded, json=JOBS, headers=bearer(token)).status_code == 401


def test_a_viewer_reads_and_changes_nothing(guarded: str, owner: Connection, database: Cluster) -> None:
    assert len(httpx.post(guarded, json=JOBS, headers=bearer(VIEWER)).json()["data"]["availableJobs"]) == 4
    for field in ("triggerJob", "cancelJob", "pauseJob", "resumeJob"):
        query = f'mutation {{ {field}(jobName: "{SESSIONS}") {{ success }} }}'
        response = httpx.post(guarded, json={"query": query}, headers=bearer(VIEWER))
        assert response.status_code == 403
        assert "data" not in response.json()
    assert executions(owner) == []
    assert owner.execute("SELECT * FROM job_change").fetchall() == []


def test_an_operator_changes_and_the_database_and_the_log_say_who_asked(
    guarded: str, owner: Connection, database: Cluster
) -> None:
    forged = {"X-Forwarded-For": "somebody else"}
    response = httpx.post(guarded, json=TRIGGER, headers=bearer(ADMIN) | forged)
    assert response.json() == {"data": {"triggerJob": {"success": True}}}
    pause = {"query": f'mutation {{ pauseJob(jobName: "{SESSIONS}") {{ success }} }}'}
    owner.execute("UPDATE job SET enabled = true WHERE name = %s", [SESSIONS])
    httpx.post(guarded, json=pause, headers=bearer(ADMIN))

    [row] = executions(owner)
    assert row.application_name == "barycenter-jobs operator@127.0.0.1"
    change = owner.execute("SELECT changed_by, application_name FROM job_change ORDER BY id DESC LIMIT 1").fetchone()
    assert change == ("barycenter_jobs_app", "barycenter-jobs operator@127.0.0.1")

    lines = [json.loads(line) for line in LOG.read_text().splitlines()]
    [line] = [line for line in lines if "mutation Clean" in line["message"]]
    assert line["message"].startswith("Asked by barycenter-jobs operator@127.0.0.1: mutation Clean")
    assert line["request_id"] == response.headers["X-Request-Id"]


def test_no_log_has_a_secret(guarded: str, migrated: Cluster) -> None:
    for token in (ADMIN, VIEWER, "somebody-elses"):
        httpx.post(guarded, json=TRIGGER, headers=bearer(token))
        httpx.get(f"{guarded}?query=%7B__typename%7D&token={token}", headers=bearer(token))
    password = migrated.app.split(":")[2].partition("@")[0]
    log = LOG.read_text()
    assert "POST /admin/jobs" in log
    for secret in (ADMIN, VIEWER, "somebody-elses", sha256(ADMIN.encode()).hexdigest(), password):
        assert secret not in log


def test_metrics_need_a_token_and_health_does_not(guarded: str) -> None:
    base = guarded.removesuffix("/admin/jobs")
    assert httpx.get(f"{base}/metrics").status_code == 401
    assert httpx.get(f"{base}/metrics", headers=bearer(VIEWER)).status_code == 200
    assert httpx.get(f"{base}/health/live").status_code == 200
    assert httpx.get(f"{base}/health/ready").status_code == 200


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"JOBS_VIEWER_TOKEN": "x"}, "without JOBS_ADMIN_TOKEN"),
        ({"JOBS_ADMIN_TOKEN": "x", "JOBS_VIEWER_TOKEN": "x"}, "the same"),
        ({"JOBS_ADMIN_TOKEN": f"sha256:{sha256(b'x').hexdigest()}", "JOBS_VIEWER_TOKEN": "x"}, "the same"),
        ({"JOBS_ADMIN_TOKEN": "sha256:12"}, "64 hexadecimal digits"),
        ({"JOBS_ADMIN_TOKEN": ""}, "JOBS_ADMIN_TOKEN is empty: give a token"),
        ({"JOBS_ADMIN_TOKEN": " "}, "JOBS_ADMIN_TOKEN is empty: give a token"),
        ({"JOBS_ADMIN_TOKEN_FILE": "/dev/null"}, "JOBS_ADMIN_TOKEN is empty: give a token"),
        ({"JOBS_INTROSPECTION": "maybe"}, "give on or off"),
    ],
)
def test_tokens_that_make_no_sense_are_told_so(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        Settings.from_environment({"DATABASE_URL": "postgresql://", **environment})
