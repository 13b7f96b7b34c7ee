"""Whoever may create in the schema public, which was everybody before PostgreSQL 15, gets no further by it."""

from collections.abc import Iterator

import psycopg
import pytest
from alembic import command

from ..cluster import Cluster, Connection
from ..conftest import SCHEDULES, SESSIONS, TOKENS, add_sessions, alembic, as_pg_cron, executions
from ..migrations.test_drift import dump
from ..sql.test_expiry import DAY, add_tokens
from ..sql.test_poison import poisoned

ROUTINES = """
    SELECT prokind, proname, pg_get_function_identity_arguments(oid) AS arguments
    FROM pg_proc WHERE pronamespace = 'barycenter_jobs'::regnamespace
"""
BODY = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$"
# Named as ours, as what ours call, or as operators that the views use; none is what pg_catalog or barycenter_jobs has.
RIVALS = f"""
    CREATE TABLE public.job (name text, enabled text);
    CREATE TABLE public.job_change (job_name integer);
    CREATE TABLE public.walk (execution_id bigint);
    CREATE TABLE public.found ();
    CREATE TABLE public.alembic_version (version_num text);
    INSERT INTO public.alembic_version VALUES ('of another application');
    CREATE VIEW public.expired_sessions AS SELECT 1 AS session_id;
    GRANT SELECT ON public.job, public.job_change, public.walk, public.found, public.alembic_version TO PUBLIC;
    GRANT SELECT ON public.expired_sessions TO PUBLIC;
    CREATE PROCEDURE public.run_job(integer) {BODY};
    CREATE PROCEDURE public.run_job(name) {BODY};
    CREATE FUNCTION public.floor(double precision) RETURNS bigint {BODY};
    CREATE FUNCTION public.now() RETURNS timestamptz {BODY};
    CREATE FUNCTION public.less(bigint, bigint) RETURNS boolean {BODY};
    CREATE OPERATOR public.< (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = public.less);
"""


@pytest.fixture
def stranger(unmigrated: Cluster) -> Iterator[Connection]:
    """Somebody who has made an object of each name that we use, in the schema public, before us."""
    command.upgrade(alembic(unmigrated.owner), "head")
    with unmigrated.connect(unmigrated.superuser) as superuser:
        ours = superuser.execute(ROUTINES).fetchall()
        command.downgrade(alembic(unmigrated.owner), "base")
        superuser.execute("CREATE ROLE stranger; GRANT USAGE, CREATE ON SCHEMA public TO stranger; SET ROLE stranger")
        try:
            superuser.execute(RIVALS.encode())
            for kind, name, arguments in ours:
                if "job_execution" not in arguments and "barycenter_jobs." not in arguments:
                    what, returns = ("PROCEDURE", "") if kind == "p" else ("FUNCTION", "")
                    returns = "RETURNS text" if kind == "f" and "OUT " not in arguments else returns
                    superuser.execute(f"CREATE {what} public.{name}({arguments}) {returns} {BODY}".encode())
            yield superuser
        finally:
            superuser.execute("RESET ROLE; DROP OWNED BY stranger; DROP ROLE stranger")


def test_nothing_of_a_strangers_is_used_in_the_place_of_ours_or_touched(
    stranger: Connection, unmigrated: Cluster
) -> None:
    before = dump(unmigrated)
    assert before.count("hijacked") > 40
    command.upgrade(alembic(unmigrated.owner), "head")
    with unmigrated.connect() as owner:
        owner.execute("SET search_path = barycenter_jobs, public")
        owner.execute("GRANT barycenter_jobs_operator TO barycenter_jobs_app")
        add_sessions(owner, 10, -10)
        add_sessions(owner, 1, -10, prefix="poison")
        add_tokens(owner, ("old", -3 * DAY, DAY, 1, None), ("new", -2 * DAY, DAY, 0, "old"))
        with poisoned(owner), pytest.raises(psycopg.Error, match="on hold"):
            owner.execute(f"CALL {SESSIONS}()".encode())
        assert [row.records_processed for row in executions(owner)] == [10]
        use_everything(unmigrated, owner)
        owner.execute("TRUNCATE sessions, refresh_tokens")
    command.downgrade(alembic(unmigrated.owner), "base")
    assert dump(unmigrated) == before


def use_everything(cluster: Cluster, owner: Connection) -> None:
    for name in SCHEDULES:
        with as_pg_cron(cluster, name) as pg_cron:
            pg_cron.execute(f"CALL barycenter_jobs.{name}()".encode())
        assert executions(owner, name)[-1].success
    assert executions(owner, TOKENS)[0].records_processed == 1
    with cluster.connect(cluster.app) as operator:
        # As people type it, and also as one who has the stranger's schema first.
        operator.execute("SET search_path = barycenter_jobs, public")
        for call in ("pause_job(%s)", "resume_job(%s)", "preview_job(%s)", "reschedule_job(%s, '* * * * *')"):
            operator.execute(f"SELECT {call}".encode(), [SESSIONS])
        with pytest.raises(psycopg.Error, match="is not running"):
            operator.execute("SELECT cancel_job(%s)", [SESSIONS])
        assert operator.execute("SELECT * FROM check_health()").fetchall()

    owner.execute("UPDATE job_change SET changed_at = changed_at - interval '1 hour'")
    owner.execute("DELETE FROM job_execution")
    assert owner.execute("SELECT name FROM job_status WHERE overdue").fetchall()
    owner.execute("CALL run_overdue_job()")
    assert [row.success for row in executions(owner)] == [True]
