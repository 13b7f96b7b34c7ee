"""pg_cron keeps its jobs in the database ``postgres``, as on managed services, and the jobs are in others."""

import os
from collections.abc import Iterator
from dataclasses import replace

import httpx
import psycopg
import pytest
from alembic import command
from alembic.util import CommandError

from ..api.server import serving
from ..cluster import Cluster, Connection, running, until
from ..conftest import CHALLENGES, SCHEDULES, SESSIONS, add_sessions, alembic, count, executions

ENTRIES = {**SCHEDULES, "run_overdue_job": "* * * * *", "prune_job_run_details": "7 3 * * *"}


@pytest.fixture(scope="module")
def managed() -> Iterator[Cluster]:
    with running("test-managed", "cron.database_name=postgres") as cluster:
        yield cluster


def of(cluster: Cluster, database: str) -> Cluster:
    """The same cluster, with another database as the jobs'."""

    def named(url: str) -> str:
        return f"{url.rpartition('/')[0]}/{database}"

    return replace(cluster, owner=named(cluster.owner), app=named(cluster.app), superuser=named(cluster.superuser))


@pytest.fixture
def cron(managed: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """The owner's connection to pg_cron's database, which CRON_DATABASE_URL names."""
    postgres = of(managed, "postgres")
    monkeypatch.setenv("CRON_DATABASE_URL", postgres.owner)
    with postgres.connect() as connection:
        yield connection
        connection.execute("SELECT cron.unschedule(jobid) FROM cron.job")


@pytest.fixture
def one(managed: Cluster, cron: Connection) -> Iterator[Cluster]:
    yield from identity(managed, "one")


@pytest.fixture
def two(managed: Cluster, cron: Connection) -> Iterator[Cluster]:
    yield from identity(managed, "two")


def identity(managed: Cluster, name: str) -> Iterator[Cluster]:
    with of(managed, "template1").connect(of(managed, "postgres").superuser) as superuser:
        superuser.execute(f"CREATE DATABASE {name} OWNER barycenter".encode())
        yield of(managed, name)
        superuser.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def upgrade(cluster: Cluster) -> None:
    command.upgrade(alembic(cluster.owner), "head")


def downgrade(cluster: Cluster) -> None:
    command.downgrade(alembic(cluster.owner), "base")


def registered(cron: Connection, database: str) -> dict[str, str]:
    rows = cron.execute(
        "SELECT jobname, schedule FROM cron.job WHERE active AND database IN (%s, 'postgres')",
        [database],
    ).fetchall()
    return {row.jobname: row.schedule for row in rows}


def everything(cron: Connection) -> list[object]:
    return list(cron.execute("SELECT * FROM cron.job ORDER BY jobid").fetchall())


def test_an_upgrade_registers_the_jobs_there_and_again_changes_nothing(one: Cluster, cron: Connection) -> None:
    upgrade(one)
    assert registered(cron, "one") == ENTRIES
    before = everything(cron)
    upgrade(one)
    assert everything(cron) == before


def test_a_downgrade_undoes_them_and_leaves_what_is_not_ours(one: Cluster, cron: Connection) -> None:
    cron.execute("SELECT cron.schedule_in_database('report', '0 4 * * *', 'SELECT 1', 'one')")
    upgrade(one)
    downgrade(one)
    assert registered(cron, "one") == {"report": "0 4 * * *"}


@pytest.mark.parametrize(
    "disturbance",
    [
        "DELETE FROM cron.job WHERE jobname = 'cleanup_expired_sessions'",
        "UPDATE cron.job SET schedule = '1 1 1 1 1' WHERE jobname = 'cleanup_expired_sessions'",
        "UPDATE cron.job SET command = 'CALL public.run_job(''x'')' WHERE jobname = 'cleanup_expired_sessions'",
        "UPDATE cron.job SET active = false",
        "UPDATE cron.job SET nodeport = 1",
        "UPDATE cron.job SET database = 'gone'",
    ],
)
def test_the_next_upgrade_mends_what_does_not_agree(
    one: Cluster, managed: Cluster, cron: Connection, disturbance: str
) -> None:
    def entries() -> list[object]:
        columns = "jobname, schedule, command, database, active, nodename, nodeport"
        return list(cron.execute(f"SELECT {columns} FROM cron.job ORDER BY jobname".encode()).fetchall())

    upgrade(one)
    before = entries()
    with of(managed, "postgres").connect(of(managed, "postgres").superuser) as superuser:
        superuser.execute(disturbance.encode())
    assert entries() != before
    upgrade(one)
    assert entries() == before


def test_settings_hold_at_once_and_the_next_upgrade_writes_them_there(one: Cluster, cron: Connection) -> None:
    upgrade(one)
    with one.connect() as owner:
        add_sessions(owner, 3, -10)
        [(start,)] = owner.execute(
            "SELECT cron_command(name, schedule) FROM job WHERE name = %s", [SESSIONS]
        ).fetchall()
        owner.execute("SELECT pause_job(%s)", [SESSIONS])
        owner.execute(start)
        assert executions(owner) == []
        owner.execute("SELECT resume_job(%s), reschedule_job(%s, '5 5 * * *')", [SESSIONS, SESSIONS])
        owner.execute(start)
        assert executions(owner) == []
        upgrade(one)
        assert registered(cron, "one") == {**ENTRIES, SESSIONS: "5 5 * * *"}
        owner.execute("SELECT pause_job(%s)", [SESSIONS])
        upgrade(one)
        assert SESSIONS not in registered(cron, "one")


def test_pg_cron_runs_there_what_is_registered_and_what_was_rescheduled_since(one: Cluster, cron: Connection) -> None:
    with one.connect() as owner, one.connect(one.superuser) as superuser:
        upgrade(one)
        owner.execute("SELECT pause_job(name) FROM job")
        owner.execute("SELECT resume_job(%s), reschedule_job(%s, '* * * * *')", [CHALLENGES, CHALLENGES])
        upgrade(one)
        owner.execute("SELECT resume_job(%s), reschedule_job(%s, '59 * * * *')", [SESSIONS, SESSIONS])
        superuser.execute("UPDATE job_change SET changed_at = changed_at - interval '2 hours'")  # so that it is overdue
        add_sessions(owner, 3, -10)
        until(lambda: (ran := executions(owner)) and ran[0].completed_at, seconds=75)
        until(lambda: (ran := executions(owner, CHALLENGES)) and ran[0].completed_at, seconds=75)
        for row in executions(owner) + executions(owner, CHALLENGES):
            assert (row.scheduled, row.success, row.started_by) == (True, True, "barycenter")
        assert count(owner, "sessions") == 0


def test_two_identity_databases_do_not_disturb_each_other(one: Cluster, two: Cluster, cron: Connection) -> None:
    upgrade(one)
    before = everything(cron)
    upgrade(two)
    assert [entry for entry in everything(cron) if entry in before] == before
    names = cron.execute("SELECT jobname FROM cron.job WHERE database = 'two' ORDER BY jobname").fetchall()
    assert [row.jobname for row in names] == sorted(f"{name}@two" for name in ENTRIES if not name.startswith("prune"))
    after = everything(cron)
    for _ in range(2):
        upgrade(one)
        upgrade(two)
        assert everything(cron) == after
    downgrade(one)
    assert [row.database for row in cron.execute("SELECT database FROM cron.job ORDER BY database").fetchall()] == [
        "postgres",
        *["two"] * 5,
    ]
    downgrade(two)
    assert everything(cron) == []


@pytest.mark.parametrize("direction", [upgrade, downgrade])
def test_a_failure_between_the_two_leaves_what_the_next_upgrade_mends(
    one: Cluster, cron: Connection, direction: object
) -> None:
    """The identity database fails at its very COMMIT, after pg_cron's has committed."""
    assert callable(direction)
    if direction is downgrade:
        upgrade(one)
    with one.connect() as owner:
        owner.execute(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) PRIMARY KEY);"
            " CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
            " CREATE CONSTRAINT TRIGGER object AFTER INSERT OR DELETE ON alembic_version DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION object()"
        )
        with pytest.raises(CommandError, match="no"):
            direction(one)
        assert registered(cron, "one") == (ENTRIES if direction is upgrade else {})
        owner.execute("DROP FUNCTION object() CASCADE")
        upgrade(one)
        assert registered(cron, "one") == ENTRIES
        owner.execute("CALL run_job(%s)", [SESSIONS])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            "/postgres",
            "/nowhere",
        ),
        ("//barycenter:", "//barycenter_jobs_app:"),
        ("/postgres", "/template1"),
    ],
)
def test_a_cron_database_that_will_not_do_is_one_sentence_and_changes_nothing(
    one: Cluster, cron: Connection, monkeypatch: pytest.MonkeyPatch, change: str, complaint: str
) -> None:
    monkeypatch.setenv("CRON_DATABASE_URL", os.environ["CRON_DATABASE_URL"].replace(change, complaint))
    with pytest.raises(CommandError) as caught:
        upgrade(one)
    assert "\n" not in f"{caught.value}".strip()
    with one.connect() as owner:
        assert owner.execute("SELECT to_regclass('job')").fetchone() == (None,)
    assert everything(cron) == []


def test_missing_privileges_there_are_named_with_the_commands_that_grant_them(
    one: Cluster, managed: Cluster, cron: Connection
) -> None:
    function = "cron.schedule_in_database(text, text, text, text, text, boolean)"
    with of(managed, "postgres").connect(of(managed, "postgres").superuser) as superuser:
        superuser.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM barycenter".encode())
        try:
            with pytest.raises(CommandError, match=r"GRANT EXECUTE ON FUNCTION cron\.schedule_in_database TO"):
                upgrade(one)
        finally:
            superuser.execute(f"GRANT EXECUTE ON FUNCTION {function} TO barycenter".encode())


def test_without_its_url_nothing_is_changed_and_the_variable_is_named(
    one: Cluster, cron: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.delenv("CRON_DATABASE_URL")
        with pytest.raises(CommandError, match="set CRON_DATABASE_URL"):
            upgrade(one)
    upgrade(one)
    before = everything(cron)
    monkeypatch.delenv("CRON_DATABASE_URL")
    for direction in (upgrade, downgrade):
        with pytest.raises(CommandError, match="set CRON_DATABASE_URL"):
            direction(one)
    assert everything(cron) == before
    with one.connect() as owner:
        assert count(owner, "job") == 4


def test_the_entry_that_prunes_pg_crons_log_takes_ours_alone(one: Cluster, managed: Cluster, cron: Connection) -> None:
    upgrade(one)
    [(prune,)] = cron.execute("SELECT command FROM cron.job WHERE jobname = 'prune_job_run_details'").fetchall()
    with of(managed, "postgres").connect(of(managed, "postgres").superuser) as superuser:
        superuser.execute("DELETE FROM cron.job_run_details")
        for command_, days in (
            ("CALL public.run_job(''x'')", 8),
            ("CALL public.run_overdue_job()", 8),
            ("SELECT 1", 8),
        ):
            superuser.execute(
                "INSERT INTO cron.job_run_details (jobid, runid, command, username, status, start_time)"
                " SELECT -2, nextval('cron.runid_seq'), %s, 'barycenter', 'failed', now() - %s * interval '1 day'",
                [command_, days],
            )
            superuser.execute(
                "INSERT INTO cron.job_run_details (jobid, runid, command, username, status)"
                " SELECT -2, nextval('cron.runid_seq') + 1000, %s, 'barycenter', 'starting'",
                [command_],
            )
        cron.execute(prune.encode())
        kept = superuser.execute("SELECT command, status FROM cron.job_run_details ORDER BY runid").fetchall()
        superuser.execute("DELETE FROM cron.job_run_details")
    assert [tuple(row) for row in kept if row.status == "failed"] == [("SELECT 1", "failed")]
    assert len(kept) == 4


def test_the_status_and_the_api_answer_as_ever(one: Cluster, cron: Connection) -> None:
    upgrade(one)
    with one.connect() as owner:
        owner.execute("GRANT barycenter_jobs_operator TO barycenter_jobs_app")
    with one.connect() as owner, serving(one.app) as url:
        add_sessions(owner, 4, -10)
        query = (
            f'mutation {{ rescheduleJob(jobName: "{SESSIONS}", schedule: "7 * * * *") {{ success }}'
            f' triggerJob(jobName: "{SESSIONS}") {{ success recordsProcessed }} }}'
        )
        answer = httpx.post(url, json={"query": query}, timeout=30).json()["data"]
        assert answer["triggerJob"] == {"success": True, "recordsProcessed": 4}
        assert answer["rescheduleJob"] == {"success": True}
        ready = httpx.get(url.replace("/admin/jobs", "/health/ready"), timeout=20)
        assert ready.status_code == 200
        assert ready.json()["checks"] == dict.fromkeys(("database", "migrations", "pg_cron"), "ok")
        [status] = owner.execute(
            "SELECT next_run_at > now() AS ahead, extract(MINUTE FROM next_run_at) AS minute FROM job_status"
            " WHERE name = %s",
            [SESSIONS],
        ).fetchall()
        assert (status.ahead, status.minute) == (True, 7)
        with pytest.raises(psycopg.Error, match="has six fields"):
            owner.execute("SELECT reschedule_job(%s, '0 0 * * * *')", [SESSIONS])
