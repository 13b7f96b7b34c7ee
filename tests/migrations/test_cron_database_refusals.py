"""A ``CRON_DATABASE_URL`` that will not do, and what a person reads then."""

import io
import os
import time

import pytest
from alembic import command
from alembic.util import CommandError

from barycenter_jobs.install import MIGRATION_LOCK

from ..cluster import Cluster, Connection
from ..conftest import alembic, count
from ..ports import free_port
from .conftest import as_superuser, downgrade, everything, of, upgrade


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


@pytest.mark.parametrize("as_whom", ["owner", "superuser"])
@pytest.mark.parametrize(
    ("privilege", "grant"),
    [
        ("EXECUTE ON FUNCTION cron.schedule_in_database", "GRANT EXECUTE ON FUNCTION cron.schedule_in_database TO"),
        ("USAGE ON SCHEMA cron", "GRANT USAGE ON SCHEMA cron TO"),
        ("SELECT, DELETE ON cron.job_run_details", "GRANT SELECT, DELETE ON cron.job_run_details TO"),
    ],
)
def test_missing_privileges_there_are_named_with_the_commands_that_grant_them(
    one: Cluster,
    managed: Cluster,
    cron: Connection,
    monkeypatch: pytest.MonkeyPatch,
    as_whom: str,
    privilege: str,
    grant: str,
) -> None:
    """Whoever logs in: the entries run as the owner."""
    if as_whom == "superuser":
        monkeypatch.setenv("CRON_DATABASE_URL", of(managed, "postgres").superuser)
    with as_superuser(managed) as superuser:
        superuser.execute(f"REVOKE {privilege} FROM barycenter, public".encode())
        try:
            if as_whom == "superuser" and "EXECUTE" in privilege:
                upgrade(one)  # who may do it all
                downgrade(one)
            else:
                with pytest.raises(CommandError, match=rf"Let a superuser run, there:.* {grant} barycenter;"):
                    upgrade(one)
        finally:
            superuser.execute(f"GRANT {privilege} TO barycenter".encode())


def test_a_privilege_that_hides_pg_crons_settings_is_named(one: Cluster, managed: Cluster, cron: Connection) -> None:
    with as_superuser(managed) as superuser:
        superuser.execute("REVOKE pg_read_all_settings FROM barycenter")
        try:
            with pytest.raises(CommandError, match="GRANT pg_read_all_settings TO barycenter;"):
                upgrade(one)
        finally:
            superuser.execute("GRANT pg_read_all_settings TO barycenter")


def test_a_database_that_pg_cron_does_not_serve_any_more_is_refused(
    one: Cluster, managed: Cluster, cron: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(one)
    before = everything(cron)
    with managed.connect(of(managed, "template1").superuser) as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = 'postgres' OR backend_type = 'pg_cron launcher'"
        )
        superuser.execute("CREATE DATABASE leftover TEMPLATE postgres")
    managed.stop()  # pg_cron 1.4 does not come back from that by itself
    managed.start()
    try:
        monkeypatch.setenv("CRON_DATABASE_URL", os.environ["CRON_DATABASE_URL"].replace("/postgres", "/leftover"))
        for direction in (upgrade, downgrade):
            with pytest.raises(CommandError, match='pg_cron serves the database "postgres", not "leftover": let'):
                direction(one)
    finally:
        with as_superuser(managed) as superuser:
            superuser.execute("DROP DATABASE leftover WITH (FORCE)")
    with of(managed, "postgres").connect() as again:
        assert everything(again) == before


def test_a_url_that_leads_back_to_the_jobs_own_database_is_refused_at_once(
    managed: Cluster, cron: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON_DATABASE_URL", os.environ["CRON_DATABASE_URL"].removesuffix("/postgres"))
    with pytest.raises(CommandError, match='pg_cron serves the database "postgres", not "barycenter"'):
        upgrade(of(managed, "barycenter"))  # which is named as its owner is


def test_a_lock_there_is_not_waited_for_for_ever(one: Cluster, managed: Cluster, cron: Connection) -> None:
    with as_superuser(managed) as superuser:
        superuser.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        began = time.monotonic()
        with pytest.raises(CommandError, match="CRON_DATABASE_URL: canceling statement due to lock timeout"):
            upgrade(one)
        assert time.monotonic() - began < 15
    with one.connect() as owner:
        assert owner.execute("SELECT to_regclass('job')").fetchone() == (None,)


def test_what_is_rolled_back_is_not_reported_as_done(
    one: Cluster, cron: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = alembic(one.owner)
    configuration.stdout = said = io.StringIO()
    command.upgrade(configuration, "head")
    assert said.getvalue() == "Upgraded to revision 0001\n"
    monkeypatch.setenv("CRON_DATABASE_URL", f"postgresql://barycenter@127.0.0.1:{free_port()}/postgres")
    with pytest.raises(CommandError) as caught:
        command.downgrade(configuration, "base")
    assert "Connection refused" in f"{caught.value}"
    assert "\n" not in f"{caught.value}"
    assert said.getvalue() == "Upgraded to revision 0001\n"


def test_the_sql_of_an_offline_upgrade_quotes_the_databases_name(
    one: Cluster, cron: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script() -> str:
        configuration = alembic(one.owner)
        configuration.output_buffer = io.StringIO()
        command.upgrade(configuration, "head", sql=True)
        return configuration.output_buffer.getvalue()

    url = os.environ["CRON_DATABASE_URL"]
    monkeypatch.setenv("CRON_DATABASE_URL", url.replace("/postgres", "/it's:x%25"))
    assert "SET LOCAL barycenter_jobs.cron_database = 'it''s:x%';" in script()
    assert script().splitlines()[-3:] == [
        "-- cron.job is in another database: the same command without --sql makes it agree.",
        "",
        "",
    ]
    monkeypatch.setenv("CRON_DATABASE_URL", url.removesuffix("/postgres"))
    with pytest.raises(CommandError, match="CRON_DATABASE_URL names no database"):
        script()


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
