"""What is seen from outside: health, metrics, and the log."""

import json

import httpx
from prometheus_client.parser import text_string_to_metric_families

from ..cluster import Cluster, Connection, until
from ..conftest import SESSIONS, add_sessions, executions, trigger
from .server import LOG, serving


def base(endpoint: str) -> str:
    return endpoint.removesuffix("/admin/jobs")


def scraped(endpoint: str) -> dict[tuple[str, str | None], float]:
    """Each sample's value by its name and job."""
    text = httpx.get(f"{base(endpoint)}/metrics", timeout=20).text
    families = text_string_to_metric_families(text)
    return {(sample.name, sample.labels.get("job")): sample.value for family in families for sample in family.samples}


def checks(endpoint: str, status: int) -> dict[str, str]:
    response = httpx.get(f"{base(endpoint)}/health/ready", timeout=20)
    assert response.status_code == status, response.text
    assert (response.json()["status"] == "ok") == (status == 200)
    found: dict[str, str] = response.json()["checks"]
    return found


def test_ready_says_that_all_is_well(endpoint: str, database: Cluster) -> None:
    assert checks(endpoint, 200) == dict.fromkeys(("database", "migrations", "pg_cron", "schedules"), "ok")
    assert httpx.get(f"{base(endpoint)}/health/live").json() == {"status": "ok"}


def test_ready_says_which_schedule_is_not_the_catalogues(endpoint: str, owner: Connection) -> None:
    owner.execute("UPDATE job SET enabled = true WHERE name = %s", [SESSIONS])
    owner.execute("SELECT cron.unschedule(%s)", [SESSIONS])
    wrong = checks(endpoint, 503)
    assert wrong.pop("schedules") == f"cron.job does not agree with job about {SESSIONS}. Run: alembic upgrade head"
    assert set(wrong.values()) == {"ok"}
    owner.execute("SELECT sync_schedule()")
    assert set(checks(endpoint, 200).values()) == {"ok"}


def test_ready_says_that_migrations_are_missing(endpoint: str, owner: Connection, migrated: Cluster) -> None:
    owner.execute("UPDATE barycenter_jobs.alembic_version SET version_num = '0000'")
    try:
        assert checks(endpoint, 503)["migrations"].startswith("The database is at 0000, and not 0001.")
    finally:
        owner.execute("UPDATE barycenter_jobs.alembic_version SET version_num = '0001'")
    with serving(migrated.superuser.rsplit("/", 1)[0] + "/template1") as elsewhere:
        assert checks(elsewhere, 503)["migrations"].endswith("Run: alembic upgrade head")


def test_ready_says_that_pg_cron_does_not_run(endpoint: str, database: Cluster) -> None:
    launcher = "FROM pg_stat_activity WHERE backend_type = 'pg_cron launcher'"
    with database.connect(database.superuser) as superuser:
        superuser.execute(f"SELECT pg_terminate_backend(pid) {launcher}")
        until(lambda: not superuser.execute(f"SELECT {launcher}").fetchall())
    try:
        assert checks(endpoint, 503)["pg_cron"].startswith("pg_cron's launcher does not run")
    finally:
        database.stop()
        database.start()
    database.wait()
    until(lambda: httpx.get(f"{base(endpoint)}/health/ready", timeout=20).status_code == 200, seconds=20)


def test_without_a_database_it_lives_and_is_not_ready(endpoint: str, database: Cluster) -> None:
    database.stop()
    try:
        assert checks(endpoint, 503) == {"database": "The database cannot be reached. Try again in a moment."}
        assert httpx.get(f"{base(endpoint)}/health/live").status_code == 200
        metrics = scraped(endpoint)
        assert metrics["barycenter_jobs_database_up", None] == 0
        assert ("barycenter_jobs_overdue", SESSIONS) not in metrics
    finally:
        database.start()
    database.wait()
    until(lambda: scraped(endpoint)["barycenter_jobs_database_up", None] == 1, seconds=30)


def test_metrics_say_how_each_job_stands(endpoint: str, owner: Connection) -> None:
    assert ("barycenter_jobs_last_success_timestamp_seconds", SESSIONS) not in scraped(endpoint)
    add_sessions(owner, 7, -10)
    owner.execute(f"CALL run_job('{SESSIONS}')")
    add_sessions(owner, 1, -10)
    httpx.post(endpoint, json={"query": "{ __typename }"})
    with trigger(owner, "RAISE EXCEPTION 'no'"):
        httpx.post(endpoint, json={"query": f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success }} }}'})
    good, bad = executions(owner)
    found = scraped(endpoint)
    expected = {
        "last_success_timestamp_seconds": good.started_at.timestamp(),
        "failures_in_a_row": 1,
        "overdue": 0,
        "running": 0,
        "last_duration_seconds": (bad.completed_at - bad.started_at).total_seconds(),
        "last_records_processed": 0,
        "day_runs": 2,
        "day_failures": 1,
        "day_records_processed": 7,
    }
    assert {name: found[f"barycenter_jobs_{name}", SESSIONS] for name in expected} == expected
    assert 0 < found["barycenter_jobs_last_success_age_seconds", SESSIONS] < 30
    assert found["barycenter_jobs_http_requests_total", None] >= 1
    assert found["process_resident_memory_bytes", None] > 0


def test_the_log_is_json_with_the_requests_id(database: Cluster) -> None:
    with serving(database.app) as endpoint:
        response = httpx.post(endpoint, json={"query": "{ __typename }"})
    lines = [json.loads(line) for line in LOG.read_text().splitlines()]
    [line] = [line for line in lines if line["message"].startswith("POST /admin/jobs 200")]
    assert line["request_id"] == response.headers["X-Request-Id"]
    assert {"time", "level", "logger"} <= line.keys()


def test_a_head_is_answered_as_a_get_without_its_body_and_without_an_error(database: Cluster) -> None:
    with serving(database.app) as endpoint:
        base = endpoint.removesuffix("/admin/jobs")
        for path in ("/health/live", "/nothing"):
            head, get = httpx.head(f"{base}{path}"), httpx.get(f"{base}{path}")
            assert (head.status_code, head.content) == (get.status_code, b"")
            assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert '"ERROR"' not in LOG.read_text()


def test_probes_that_find_all_well_do_not_fill_the_log(database: Cluster) -> None:
    with serving(database.app) as endpoint:
        base = endpoint.removesuffix("/admin/jobs")
        for path in ("/health/live", "/health/ready", "/health/nothing"):
            httpx.get(f"{base}{path}")
    probes = [line for line in LOG.read_text().splitlines() if "GET " in line]
    assert len(probes) == 1
    assert "GET other 404" in probes[0]
