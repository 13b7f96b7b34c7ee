"""``alembic upgrade head`` on every kind of database, and back."""

import io
import os
import subprocess

import psycopg
import pytest
from alembic import command
from alembic.util import CommandError

from ..cluster import ROOT, Cluster
from ..conftest import IDENTITY_TABLES, SCHEDULES, add_sessions, alembic, count
from ..sql.test_schedule import scheduled
from .test_drift import dump

# As Barycenter's own migrations make them; here only what a test needs to tell them from ours.
BARYCENTERS_TABLES = """
    CREATE TABLE sessions (
        session_id varchar PRIMARY KEY, subject varchar NOT NULL, auth_time bigint NOT NULL, created_at bigint NOT NULL,
        expires_at bigint NOT NULL, user_agent varchar, ip_address varchar, amr varchar, acr varchar,
        mfa_verified bigint NOT NULL DEFAULT 0, a_later_column jsonb
    );
    CREATE TABLE job_executions (id bigint PRIMARY KEY, success bigint);
    INSERT INTO job_executions VALUES (1, NULL);
"""


def columns(cluster: Cluster, table: str) -> list[tuple[str, str, str, str]]:
    with cluster.connect() as owner:
        return owner.execute(
            "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
            " WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        ).fetchall()


def test_an_empty_database_gets_barycenters_tables_as_it_makes_them(unmigrated: Cluster) -> None:
    command.upgrade(alembic(unmigrated.owner), "head")
    text, number = "character varying", "bigint"
    assert columns(unmigrated, "device_codes") == [
        ("device_code", text, "NO", None),
        ("user_code", text, "NO", None),
        ("client_id", text, "NO", None),
        ("client_name", text, "YES", None),
        ("scope", text, "NO", None),
        ("device_info", text, "YES", None),
        ("created_at", number, "NO", None),
        ("expires_at", number, "NO", None),
        ("last_poll_at", number, "YES", None),
        ("interval", "integer", "NO", "5"),
        ("status", text, "NO", "'pending'::character varying"),
        ("subject", text, "YES", None),
        ("auth_time", number, "YES", None),
        ("amr", text, "YES", None),
        ("acr", text, "YES", None),
    ]
    with unmigrated.connect() as owner:
        indexes = {
            row.indexname
            for row in owner.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'").fetchall()
        }
    assert indexes >= {
        "idx_sessions_expires",
        "idx_refresh_tokens_expires",
        "idx_webauthn_challenges_expires",
        "idx_device_codes_expires_at",
    }


def test_barycenters_own_tables_are_adopted_untouched(unmigrated: Cluster) -> None:
    with unmigrated.connect() as owner:
        owner.execute(BARYCENTERS_TABLES)
        add_sessions(owner, 5, -10)
        before = columns(unmigrated, "sessions")
        command.upgrade(alembic(unmigrated.owner), "head")
        assert columns(unmigrated, "sessions") == before
        assert (count(owner, "sessions"), count(owner, "job_executions")) == (5, 1)
        owner.execute("CALL run_job('cleanup_expired_sessions')")
        assert count(owner, "sessions") == 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            "ALTER COLUMN expires_at TYPE timestamptz USING to_timestamp(expires_at)",
            'The column "sessions.expires_at" is of type timestamp with time zone, but the jobs expect bigint',
        ),
        ("ALTER COLUMN mfa_verified TYPE integer", 'The column "sessions.mfa_verified" is of type integer'),
        ("DROP COLUMN expires_at", 'The table "sessions" has no column "expires_at"'),
    ],
)
def test_a_table_that_is_not_what_the_jobs_expect_is_named_and_nothing_is_changed(
    unmigrated: Cluster, change: str, complaint: str
) -> None:
    with unmigrated.connect() as owner:
        owner.execute(BARYCENTERS_TABLES)
        owner.execute(f"ALTER TABLE sessions {change}")
    before = dump(unmigrated)
    with pytest.raises(CommandError) as caught:
        command.upgrade(alembic(unmigrated.owner), "head")
    assert f"{caught.value}".startswith(complaint)
    assert f"{caught.value}".endswith(".")
    assert dump(unmigrated) == before


def test_upgrading_again_changes_nothing_and_mends_the_schedule(unmigrated: Cluster) -> None:
    command.upgrade(alembic(unmigrated.owner), "head")
    with unmigrated.connect() as owner:
        before, jobs = dump(unmigrated), owner.execute("TABLE cron.job").fetchall()
        command.upgrade(alembic(unmigrated.owner), "head")
        assert (dump(unmigrated), owner.execute("TABLE cron.job").fetchall()) == (before, jobs)
        owner.execute("SELECT cron.unschedule('cleanup_expired_sessions')")
        command.upgrade(alembic(unmigrated.owner), "head")
        assert scheduled(owner) == SCHEDULES


def test_going_down_and_up_twice_loses_no_identity_row(unmigrated: Cluster) -> None:
    configuration = alembic(unmigrated.owner)
    command.upgrade(configuration, "head")
    with unmigrated.connect() as owner:
        subprocess.run(
            ["psql", "-q", "-v", "rows=1000", "-f", ROOT / "deploy" / "seed.sql", unmigrated.owner], check=True
        )
        owner.execute("SELECT cron.schedule('report', '0 4 * * *', 'SELECT 1')")
        for _ in range(2):
            command.downgrade(configuration, "base")
            assert scheduled(owner) == {"report": "0 4 * * *"}
            assert [count(owner, table) for table in IDENTITY_TABLES] == [1000] * 4
            command.upgrade(configuration, "head")
            assert scheduled(owner) == {**SCHEDULES, "report": "0 4 * * *"}
            assert [count(owner, table) for table in IDENTITY_TABLES] == [1000] * 4


def test_roles_that_nobody_was_granted_go_and_others_stay(unmigrated: Cluster) -> None:
    configuration = alembic(unmigrated.owner)
    query = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'barycenter_jobs_%r' AND NOT rolcanlogin"
    with unmigrated.connect() as owner:
        for change, left in [("GRANT barycenter_jobs_operator TO", 2), ("REVOKE barycenter_jobs_operator FROM", 0)]:
            command.upgrade(configuration, "head")
            owner.execute(f"{change} barycenter_jobs_app")
            command.downgrade(configuration, "base")
            assert owner.execute(query).fetchone() == (left,)


def test_the_sql_of_an_offline_upgrade_does_the_same(unmigrated: Cluster) -> None:
    command.upgrade(alembic(unmigrated.owner), "head")
    online = dump(unmigrated)
    command.downgrade(alembic(unmigrated.owner), "base")
    configuration = alembic(unmigrated.owner)
    configuration.output_buffer = io.StringIO()
    command.upgrade(configuration, "head", sql=True)
    script = configuration.output_buffer.getvalue()
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", unmigrated.owner], input=script, text=True, check=True)
    assert dump(unmigrated) == online


def test_another_database_than_pg_crons_is_refused_with_what_to_do(unmigrated: Cluster) -> None:
    elsewhere = unmigrated.superuser.rsplit("/", 1)[0] + "/template1"
    with pytest.raises(CommandError, match=r'pg_cron serves the database "barycenter", not "template1"\. Set cron'):
        command.upgrade(alembic(elsewhere), "head")


def test_missing_privileges_are_named_with_the_commands_that_grant_them(unmigrated: Cluster) -> None:
    before = dump(unmigrated)
    with unmigrated.connect(unmigrated.superuser) as superuser:
        superuser.execute(
            "REVOKE USAGE ON SCHEMA cron FROM barycenter;"
            " REVOKE pg_read_all_stats, pg_read_all_settings FROM barycenter"
        )
        try:
            with pytest.raises(CommandError) as caught:
                command.upgrade(alembic(unmigrated.owner), "head")
            assert "GRANT USAGE ON SCHEMA cron TO barycenter;" in f"{caught.value}"
            assert "GRANT pg_read_all_stats TO barycenter;" in f"{caught.value}"
            assert "GRANT pg_read_all_settings TO barycenter;" in f"{caught.value}"
            assert dump(unmigrated) == before
        finally:
            superuser.execute(
                "GRANT USAGE ON SCHEMA cron TO barycenter; GRANT pg_read_all_stats, pg_read_all_settings TO barycenter"
            )


def test_a_missing_extension_is_one_clear_sentence(unmigrated: Cluster) -> None:
    with unmigrated.connect(unmigrated.superuser) as superuser:
        superuser.execute("DROP EXTENSION pg_cron")
        with pytest.raises(CommandError, match="CREATE EXTENSION pg_cron"):
            command.upgrade(alembic(unmigrated.owner), "head")
        superuser.execute("CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO barycenter")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "DATABASE_URL is not set"),
        ("mysql://x", "DATABASE_URL does not begin with postgresql://"),
        ("postgresql://127.0.0.1:1/x", "connection failed"),
    ],
)
def test_a_database_url_that_leads_nowhere_is_one_line(url: str, complaint: str) -> None:
    result = subprocess.run(
        [ROOT / ".venv" / "bin" / "alembic", "upgrade", "head"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert complaint in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_concurrent_upgrades_go_one_after_the_other(unmigrated: Cluster) -> None:
    alembics = [
        subprocess.Popen(
            [ROOT / ".venv" / "bin" / "alembic", "upgrade", "head"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": unmigrated.owner},
        )
        for _ in range(3)
    ]
    assert [process.wait(timeout=60) for process in alembics] == [0, 0, 0]
    with unmigrated.connect() as owner, pytest.raises(psycopg.Error, match="Unknown job"):
        owner.execute("CALL run_job('x')")
