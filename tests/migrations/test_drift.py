"""``sql/`` says what is true now, and the revisions lead there."""

import re

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from barycenter_jobs.install import SETTINGS, freeze, objects

from ..cluster import Cluster
from ..conftest import alembic, empty


def dump(cluster: Cluster) -> str:
    """Everything but what differs each time: Alembic's own table, when jobs changed, and pg_dump's random key."""
    except_for = ["--exclude-table=barycenter_jobs.alembic_version", "--exclude-table-data=barycenter_jobs.job_change"]
    text = cluster.dump("--schema=public", "--schema=barycenter_jobs", *except_for)
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)


def schedule(cluster: Cluster) -> list[tuple[str, str, str]]:
    with cluster.connect() as owner:
        return owner.execute("SELECT jobname, schedule, command FROM cron.job ORDER BY jobname").fetchall()


def test_the_migrations_lead_to_what_sql_says(unmigrated: Cluster) -> None:
    command.upgrade(alembic(unmigrated.owner), "head")
    migrated, scheduled = dump(unmigrated), schedule(unmigrated)
    empty(unmigrated)
    with unmigrated.connect() as owner, owner.transaction():
        owner.execute("CREATE SCHEMA barycenter_jobs; SET LOCAL client_min_messages = warning")
        for setting in SETTINGS:
            owner.execute(setting.encode())
        for file in objects.files(objects.SQL):
            owner.execute(objects.finding(file, (objects.SQL / file).read_text()).encode())
    assert dump(unmigrated) == migrated
    assert schedule(unmigrated) == scheduled
    assert "CREATE PROCEDURE barycenter_jobs.run_job" in migrated


def test_every_change_of_sql_is_frozen() -> None:
    head = ScriptDirectory("migrations").get_current_head()
    assert head is not None
    for file in objects.files(objects.SQL):
        frozen = objects.FROZEN / head / file
        assert not freeze.differs(file, frozen if frozen.exists() else objects.predecessor(file, head)), (
            f"sql/{file} is not what revision {head} installs: make freeze"
        )


def test_every_file_of_sql_is_of_a_kind_that_is_installed() -> None:
    assert set(objects.files(objects.SQL)) == {path.relative_to(objects.SQL) for path in objects.SQL.rglob("*.sql")}


def test_every_object_is_named_as_its_file_and_has_a_comment() -> None:
    for file in objects.files(objects.SQL):
        text = (objects.SQL / file).read_text()
        if file.parts[0] in ("tables", "functions", "procedures", "views", "triggers"):
            name = rf"(barycenter_jobs\.|public\.)?{file.stem.split('.')[-1]}\b"
            assert re.search(rf"^CREATE [A-Z ]+ {name}", text, re.MULTILINE), file
            assert re.search(rf"^COMMENT ON [A-Z]+ {name}", text, re.MULTILINE), file
        elif file.parts[0] == "jobs":
            assert re.search(rf"^SELECT barycenter_jobs\.create_job\(\n    '{file.stem}',", text, re.MULTILINE), file
            assert "\nCOMMENT ON VIEW " in text, file


@pytest.mark.parametrize("rounds", [2])
def test_every_revision_steps_up_down_and_up_again(unmigrated: Cluster, rounds: int) -> None:
    configuration = alembic(unmigrated.owner)
    revisions = [script.revision for script in ScriptDirectory.from_config(configuration).walk_revisions()][::-1]
    command.upgrade(configuration, revisions[0])
    command.downgrade(configuration, "base")
    downs = {"base": dump(unmigrated)}
    for _ in range(rounds):
        for place, revision in enumerate(revisions):
            command.upgrade(configuration, revision)
            up = dump(unmigrated)
            below = revisions[place - 1] if place else "base"
            command.downgrade(configuration, below)
            assert dump(unmigrated) == downs.setdefault(below, dump(unmigrated))
            command.upgrade(configuration, revision)
            assert dump(unmigrated) == up
        command.downgrade(configuration, "base")
    assert "job" not in downs["base"]
