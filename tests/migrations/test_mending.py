"""``alembic upgrade head`` puts right what people have done to the jobs and to ``cron.job`` since the last one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic import command

from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, DEVICE_CODES, SCHEDULES, SESSIONS, TOKENS, alembic, executions
from .test_drift import schedule


@pytest.fixture
def installed(unmigrated: Cluster) -> Cluster:
    command.upgrade(alembic(unmigrated.owner), "head")
    return unmigrated


def upgrade(url: str) -> None:
    command.upgrade(alembic(url), "head")


def test_jobs_that_somebody_has_deleted_come_back_and_what_operators_have_set_stays(installed: Cluster) -> None:
    with installed.connect() as owner:
        owner.execute("SELECT pause_job(%s, 'an audit'), configure_job(%s, '7 days', '2 years')", [SESSIONS, TOKENS])
        owner.execute("SELECT reschedule_job(%s, '5 5 * * *')", [TOKENS])
        owner.execute("SELECT drop_job(%s)", [CHALLENGES])
        owner.execute("DELETE FROM job WHERE name = %s", [DEVICE_CODES])
        owner.execute("DROP VIEW expired_challenges")
        kept = owner.execute("SELECT * FROM job ORDER BY position").fetchall()
        upgrade(installed.owner)
        assert (
            owner.execute("SELECT * FROM job WHERE name IN (%s, %s) ORDER BY position", [SESSIONS, TOKENS]).fetchall()
            == kept
        )
        assert [row.name for row in owner.execute("SELECT name FROM job ORDER BY position").fetchall()] == [
            SESSIONS,
            TOKENS,
            CHALLENGES,
            DEVICE_CODES,
        ]
        expected = {**SCHEDULES, TOKENS: "5 5 * * *"}
        del expected[SESSIONS]
        assert {name: at for name, at, _ in schedule(installed)} == expected
        owner.execute(f"CALL {CHALLENGES}()".encode())


@pytest.mark.parametrize(
    "disturbance",
    [
        "UPDATE cron.job SET active = false",
        "UPDATE cron.job SET schedule = '1 1 1 1 1'",
        "UPDATE cron.job SET command = command || ' -- by hand'",
        "UPDATE cron.job SET jobname = NULL",
        "INSERT INTO cron.job (schedule, command, database, username)"
        " SELECT '* * * * *', command, database, username FROM cron.job",
        "DELETE FROM cron.job",
    ],
)
def test_what_was_done_to_cron_job_by_hand_shows_and_any_change_mends_it(installed: Cluster, disturbance: str) -> None:
    before = schedule(installed)
    with installed.connect() as owner, installed.connect(installed.superuser) as superuser:
        drifting = "SELECT cardinality(drifting_jobs) FROM check_health()"
        assert owner.execute(drifting).fetchall() == [(0,)]
        superuser.execute(disturbance.encode())
        assert owner.execute(drifting).fetchall()[0][0] >= 4
        owner.execute("SELECT resume_job(%s)", [SESSIONS])
        assert owner.execute(drifting).fetchall() == [(0,)]
    assert schedule(installed) == before


@contextmanager
def as_landlord(superuser: Connection, change: str, back: str) -> Iterator[None]:
    superuser.execute(change.encode())
    try:
        yield
    finally:
        superuser.execute(back.encode())


def usernames(superuser: Connection) -> set[str]:
    return {row.username for row in superuser.execute("SELECT username FROM cron.job").fetchall()}


def has_run(superuser: Connection) -> bool:
    """pg_cron's launcher is at work: it has started the job that is due each minute."""
    return any(row.scheduled and row.success for row in executions(superuser, CHALLENGES))


def test_an_owner_that_was_renamed_is_mended_by_a_superusers_upgrade_and_pg_cron_goes_on(installed: Cluster) -> None:
    """Until then pg_cron's launcher crashes each time it starts: it has a job of a role that does not exist."""
    with installed.connect(installed.superuser) as superuser, installed.connect() as owner:
        owner.execute("SELECT pause_job(name) FROM job WHERE name <> %s", [CHALLENGES])
        owner.execute("SELECT reschedule_job(%s, '* * * * *')", [CHALLENGES])
        owner.close()
        with as_landlord(
            superuser, "ALTER ROLE barycenter RENAME TO landlord", "ALTER ROLE landlord RENAME TO barycenter"
        ):
            upgrade(installed.superuser)
            assert usernames(superuser) == {"landlord"}
        upgrade(installed.superuser)
        assert usernames(superuser) == {"barycenter"}
        superuser.execute("TRUNCATE job_execution")
        until(lambda: has_run(superuser), 90)


def test_objects_that_were_reassigned_are_scheduled_as_their_new_owner(installed: Cluster) -> None:
    grants = "pg_read_all_stats, pg_read_all_settings"
    with installed.connect(installed.superuser) as superuser:
        superuser.execute(
            f"CREATE ROLE landlord LOGIN; GRANT {grants} TO landlord; GRANT USAGE ON SCHEMA cron TO landlord".encode()
        )
        try:
            with as_landlord(
                superuser, "REASSIGN OWNED BY barycenter TO landlord", "REASSIGN OWNED BY landlord TO barycenter"
            ):
                upgrade(installed.superuser)
                assert usernames(superuser) == {"landlord"}
                superuser.execute("SET ROLE landlord; SELECT drop_job('cleanup_expired_sessions')")
                superuser.execute("DROP VIEW expired_sessions; RESET ROLE")
                upgrade(installed.superuser)  # which makes anew what then is the landlord's, too
                assert superuser.execute(
                    "SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'barycenter_jobs'::regnamespace"
                    " UNION SELECT pg_get_userbyid(relowner) FROM pg_class"
                    " WHERE relnamespace = 'barycenter_jobs'::regnamespace"
                ).fetchall() == [("landlord",)]
            upgrade(installed.superuser)
            assert usernames(superuser) == {"barycenter"}
        finally:
            superuser.execute("RESET ROLE; DROP OWNED BY landlord; DROP ROLE landlord")
