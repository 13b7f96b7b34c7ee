"""Several identity databases on one cluster, and other people's entries beside theirs in ``cron.job``."""

import pytest
from alembic.util import CommandError

from ..cluster import Cluster, Connection
from ..conftest import CHALLENGES, SESSIONS
from .conftest import ENTRIES, as_superuser, downgrade, everything, identity, of, registered, upgrade


def of_database(cron: Connection, database: str) -> list[tuple[object, ...]]:
    rows = cron.execute("SELECT * FROM cron.job WHERE database = %s ORDER BY jobid", [database]).fetchall()
    return [tuple(row) for row in rows]


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


def test_names_too_long_for_pg_cron_do_not_run_into_each_other(managed: Cluster, cron: Connection) -> None:
    first, second = (f"barycenter_production_europe_west_{number}" for number in (1, 2))
    with identity(managed, "one") as one, identity(managed, first) as west, identity(managed, second) as east:
        for cluster in (one, west, east):
            upgrade(cluster)
        before = of_database(cron, first)
        with east.connect() as owner:
            owner.execute("SELECT reschedule_job(%s, '7 7 * * *')", [SESSIONS])
        upgrade(east)
        assert of_database(cron, first) == before
        assert [len(of_database(cron, name)) for name in ("one", first, second)] == [5, 5, 5]
        for cluster in (one, west, east):
            downgrade(cluster)
        assert everything(cron) == []


def test_an_entry_of_the_owners_own_is_never_overwritten(one: Cluster, cron: Connection) -> None:
    mine = "SELECT cron.schedule_in_database(%s, '0 4 * * *', 'SELECT 42', 'template1')"
    cron.execute(mine, [SESSIONS])
    before = everything(cron)
    upgrade(one)
    assert everything(cron)[:1] == before
    assert registered(cron, "one") == {
        **{name: schedule for name, schedule in ENTRIES.items() if name != SESSIONS},
        f"{SESSIONS}@one": ENTRIES[SESSIONS],
    }
    downgrade(one)
    cron.execute(mine, [f"{SESSIONS}@one"])
    before = everything(cron)
    with pytest.raises(CommandError, match=rf"have the names {SESSIONS}, {SESSIONS}@one\. Unschedule one of them"):
        upgrade(one)
    assert everything(cron) == before


def test_the_database_that_pg_cron_is_in_may_have_jobs_as_well(
    managed: Cluster, one: Cluster, two: Cluster, cron: Connection
) -> None:
    host = of(managed, "postgres")
    with as_superuser(managed) as superuser:
        superuser.execute(
            "GRANT CREATE ON SCHEMA public TO barycenter; GRANT CREATE ON DATABASE postgres TO barycenter"
        )
    try:
        upgrade(one)
        upgrade(host)
        upgrade(two)
        before = of_database(cron, "one"), of_database(cron, "two")
        assert len(of_database(cron, "postgres")) == 4 + 2  # its own, and what prunes pg_cron's log for one and two
        assert len({row[0] for row in cron.execute("SELECT jobname FROM cron.job").fetchall()}) == 5 + 4 + 5 + 2
        for change in ("pause_job", "resume_job"):
            cron.execute(f"SELECT barycenter_jobs.{change}(%s)".encode(), [CHALLENGES])
            assert cron.execute("SELECT drifting_jobs FROM check_health()").fetchall() == [([],)]
            upgrade(host)
        assert (of_database(cron, "one"), of_database(cron, "two")) == before
        downgrade(host)
        assert (of_database(cron, "one"), of_database(cron, "two")) == before
    finally:
        with as_superuser(managed) as superuser:
            superuser.execute(
                "DROP SCHEMA IF EXISTS barycenter_jobs CASCADE;"
                " DROP TABLE IF EXISTS sessions, refresh_tokens, webauthn_challenges, device_codes"
            )
            superuser.execute(
                "REVOKE CREATE ON SCHEMA public FROM barycenter; REVOKE CREATE ON DATABASE postgres FROM barycenter"
            )
