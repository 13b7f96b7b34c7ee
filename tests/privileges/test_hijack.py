"""Whoever may create in the schema public, which was everybody before PostgreSQL 15, gets no further by it."""

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from ..cluster import Cluster, Connection
from ..conftest import SCHEDULES, SESSIONS, add_sessions, executions, scheduled_call
from ..sql.test_expiry import DAY, TOKENS, add_tokens
from ..sql.test_poison import poisoned

OURS = """
    SELECT proname, prokind, array(SELECT format_type(type, NULL) FROM unnest(coalesce(
        (SELECT array_agg(type ORDER BY n) FROM unnest(proallargtypes, proargmodes) WITH ORDINALITY AS a (type, mode, n)
            WHERE mode <> 'o' AND mode <> 't'),
        proargtypes::oid[])) AS type)
    FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proowner = 'barycenter'::regrole AND pronargs > 0
"""


def rivals(types: list[str]) -> set[tuple[str, ...]]:
    """Signatures that could fit a call as well: texts for other types, and fewer arguments."""
    texts = {(*types[:n], "text", *types[n + 1 :]) for n in range(len(types))}
    fewer = {tuple(types[:n]) for n in range(1, len(types))}
    return (texts | fewer | {("text",) * len(types)}) - {tuple(types)}


def plant(stranger: Connection, name: str, kind: str, signature: tuple[str, ...]) -> bool:
    what, returns = ("PROCEDURE", "") if kind == "p" else ("FUNCTION", "RETURNS text")
    with suppress(psycopg.errors.DuplicateFunction, psycopg.errors.InvalidFunctionDefinition):
        stranger.execute(
            f"CREATE {what} public.{name}({', '.join(signature)}) {returns} LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$".encode()
        )
        return True
    return False


@pytest.fixture
def planted(database: Cluster) -> Iterator[int]:
    """How many functions a stranger has made that are named as ours."""
    with database.connect(database.superuser) as superuser:
        ours = superuser.execute(OURS).fetchall()
        superuser.execute("CREATE ROLE stranger; GRANT USAGE, CREATE ON SCHEMA public TO stranger; SET ROLE stranger")
        try:
            yield sum(plant(superuser, name, kind, each) for name, kind, types in ours for each in rivals(types))
        finally:
            superuser.execute("RESET ROLE; DROP OWNED BY stranger; DROP ROLE stranger")


def test_no_function_of_the_same_name_is_called_in_the_place_of_ours(planted: int, owner: Connection) -> None:
    assert planted > 70
    add_sessions(owner, 10, -10)
    add_sessions(owner, 1, -10, prefix="poison")
    add_tokens(owner, ("old", -3 * DAY, DAY, 1, None), ("new", -2 * DAY, DAY, 0, "old"))
    with poisoned(owner), pytest.raises(psycopg.Error, match="on hold"):
        owner.execute(scheduled_call(owner))
    for name in SCHEDULES:
        owner.execute(scheduled_call(owner, name))
        assert executions(owner, name)[-1].success
    assert executions(owner, TOKENS)[0].records_processed == 1
    for call in ("pause_job", "resume_job", "preview_job"):
        owner.execute(f"SELECT public.{call}(%s::text)".encode(), [SESSIONS])
    owner.execute("SELECT public.reschedule_job(%s::text, '* * * * *'::text)", [SESSIONS])
    with pytest.raises(psycopg.Error, match="is not running"):
        owner.execute("SELECT public.cancel_job(%s::text)", [SESSIONS])

    owner.execute("UPDATE job_change SET changed_at = changed_at - interval '1 hour'")
    owner.execute("DELETE FROM job_execution")
    assert owner.execute("SELECT name FROM job_status WHERE overdue").fetchall()
    owner.execute("CALL public.run_overdue_job()")
    assert [row.success for row in executions(owner)] == [True]
    assert owner.execute("SELECT * FROM public.check_health()").fetchall()
