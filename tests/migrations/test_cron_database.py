"""``CRON_DATABASE_URL``: the jobs are registered where pg_cron keeps its own, and run from there."""

import os
from dataclasses import replace

import httpx
import psycopg
import pytest
from alembic.util import CommandError

from ..api.server import serving
from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, SESSIONS, add_sessions, count, executions
from .conftest import ENTRIES, as_superuser, downgrade, everything, registered, upgrade


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
        "UPDATE cron.job SET command = command || ' -- by hand' WHERE jobname = 'cleanup_expired_sessions'",
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
    with as_superuser(managed) as superuser:
        superuser.execute(disturbance.encode())
    assert entries() != before
    upgrade(one)
    assert entries() == before


def test_settings_hold_at_once_and_the_next_upgrade_writes_them_there(one: Cluster, cron: Connection) -> None:
    upgrade(one)
    start = cron.execute("SELECT command FROM cron.job WHERE jobname = %s", [SESSIONS]).fetchall()[0].command
    with one.connect() as owner, one.connect(application_name="pg_cron") as pg_cron:
        owner.execute("UPDATE job_change SET changed_at = changed_at - interval '2 days'")  # so that it is overdue
        owner.execute("SELECT pause_job(%s)", [SESSIONS])
        pg_cron.execute(start.encode())
        owner.execute("SELECT resume_job(%s), reschedule_job(%s, '5 5 29 2 *')", [SESSIONS, SESSIONS])
        pg_cron.execute(start.encode())
        assert executions(owner) == []
        upgrade(one)
        assert registered(cron, "one") == {**ENTRIES, SESSIONS: "5 5 29 2 *"}
        owner.execute("SELECT pause_job(%s)", [SESSIONS])
        upgrade(one)
        assert SESSIONS not in registered(cron, "one")
        owner.execute("SELECT resume_job(%s), reschedule_job(%s, '* * * * *')", [SESSIONS, SESSIONS])
        owner.execute("UPDATE job_change SET changed_at = changed_at - interval '2 days'")
        pg_cron.execute(start.encode())
        assert [row.success for row in executions(owner)] == [True]


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


@pytest.mark.parametrize("direction", [upgrade, downgrade])
def test_a_failure_between_the_two_leaves_what_the_next_upgrade_mends(
    one: Cluster, cron: Connection, direction: object
) -> None:
    """The identity database fails at its very COMMIT, after pg_cron's has committed."""
    assert callable(direction)
    if direction is downgrade:
        upgrade(one)
    with one.connect() as owner, one.connect(one.superuser) as superuser:
        superuser.execute(
            "CREATE TABLE public.ddl ();"
            " CREATE FUNCTION public.object() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
            " CREATE CONSTRAINT TRIGGER object AFTER INSERT ON public.ddl DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION public.object();"
            " CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER"
            " AS $$ BEGIN INSERT INTO public.ddl DEFAULT VALUES; END $$;"
            " CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION public.note()"
        )
        with pytest.raises(CommandError, match="no"):
            direction(one)
        assert registered(cron, "one") == (ENTRIES if direction is upgrade else {})
        superuser.execute("DROP EVENT TRIGGER note")
        upgrade(one)
        assert registered(cron, "one") == ENTRIES
        owner.execute("CALL run_job(%s)", [SESSIONS])


def test_sessions_may_differ_in_their_settings(one: Cluster, cron: Connection) -> None:
    with one.connect() as owner:
        owner.execute("ALTER DATABASE one SET timezone = 'Asia/Kolkata'")
        owner.execute("ALTER DATABASE one SET datestyle = 'German'")
    upgrade(one)
    assert registered(cron, "one") == ENTRIES


def test_a_login_may_become_the_owner_by_a_setting_of_its_own(
    one: Cluster, managed: Cluster, cron: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = os.environ["CRON_DATABASE_URL"]
    password = psycopg.conninfo.conninfo_to_dict(url)["password"]
    with as_superuser(managed) as superuser:
        superuser.execute(f"CREATE ROLE deploy LOGIN PASSWORD '{password}' IN ROLE barycenter".encode())
        try:
            superuser.execute("ALTER ROLE deploy SET role = 'barycenter'")
            monkeypatch.setenv("CRON_DATABASE_URL", url.replace("//barycenter:", "//deploy:"))
            upgrade(replace(one, owner=one.owner.replace("//barycenter:", "//deploy:")))
            assert registered(cron, "one") == ENTRIES
        finally:
            superuser.execute("DROP ROLE deploy")


def test_the_entry_that_prunes_pg_crons_log_takes_ours_alone(one: Cluster, managed: Cluster, cron: Connection) -> None:
    upgrade(one)
    [(prune,)] = cron.execute("SELECT command FROM cron.job WHERE jobname = 'prune_job_run_details'").fetchall()
    with as_superuser(managed) as superuser:
        superuser.execute("DELETE FROM cron.job_run_details")
        for command_, days in (
            ("CALL barycenter_jobs.cleanup_expired_sessions()", 8),
            ("CALL barycenter_jobs.run_overdue_job()", 8),
            ("SELECT 1", 8),
        ):
            superuser.execute(
                "INSERT INTO cron.job_run_details"
                " (jobid, runid, command, username, database, status, start_time)"
                " SELECT -2, nextval('cron.runid_seq'), %s, 'barycenter', 'one', 'failed', now() - %s * interval '1 d'",
                [command_, days],
            )
            superuser.execute(
                "INSERT INTO cron.job_run_details (jobid, runid, command, username, database, status)"
                " SELECT -2, nextval('cron.runid_seq') + 1000, %s, 'barycenter', 'one', 'starting'",
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
