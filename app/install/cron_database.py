"""pg_cron in another database than the jobs: what is registered there.

On managed services ``cron.database_name`` is ``postgres`` and stays so. ``CRON_DATABASE_URL`` names that database, and
each migration ends by making its entries agree with the catalogue. In between the catalogue decides all the same: an
entry that lags behind it starts nothing, and ``run_overdue_job`` starts what has no entry.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from alembic.util import CommandError
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import class_row
from sqlalchemy import Connection, text

from . import MIGRATION_LOCK

Cron = psycopg.Connection[Any]

RUN_OVERDUE = "CALL public.run_overdue_job()"
CATALOGUE = text(
    "SELECT name, schedule, public.cron_command(name, schedule) AS command FROM public.job WHERE enabled ORDER BY name"
)
# pg_cron never prunes its own log. One entry does it for all of the owner's identity databases.
PRUNE = (
    r"DELETE FROM cron.job_run_details WHERE username = current_user AND command LIKE 'CALL public.run\_%job(%'"
    " AND runid <= (SELECT max(runid) FROM cron.job_run_details WHERE start_time < now() - interval '7 days')"
)


@dataclass(frozen=True)
class Owner:
    """Whose jobs are to be registered, and how pg_cron reaches them."""

    role: str
    database: str
    server: str
    host: str
    port: int


@dataclass(frozen=True)
class Entry:
    """What is to stand in ``cron.job``."""

    jobname: str
    schedule: str
    command: str
    database: str


@dataclass(frozen=True)
class Found:
    """What stands in ``cron.job``: one of the owner's entries."""

    jobid: int
    jobname: str
    schedule: str
    command: str
    database: str
    is_ours: bool
    is_of_a_database: bool
    can_start: bool

    def is_(self, entry: Entry) -> bool:
        """Whatever its name: that may have been taken."""
        return (self.schedule, self.command, self.database) == (entry.schedule, entry.command, entry.database)


def database_of(url: str) -> str | None:
    """The database that a URL names."""
    name = conninfo_to_dict(url).get("dbname")
    return name if name is None else f"{name}"


def register(identity: Connection, url: str) -> None:
    """Makes the entries in the database of ``url`` those of the catalogue; without a catalogue there are none.

    Raises CommandError with one sentence.
    """
    owner = Owner(
        *identity.execute(
            text(
                "SELECT current_user, current_database(), pg_postmaster_start_time()::text,"
                " current_setting('cron.host'), current_setting('port')::integer"
            )
        ).one()
    )
    wanted = list(catalogue(identity, owner))
    with connected(url, owner) as cron:
        cron.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        found = entries(cron, owner)
        mine = [
            each for each in found if each.is_ours and (each.database == owner.database or not each.is_of_a_database)
        ]
        shared = [each for each in found if each.command == PRUNE]
        if wanted or any(each.is_ours and each not in mine for each in found):
            wanted.append(Entry("prune_job_run_details", "7 3 * * *", PRUNE, cron.info.dbname))
        kept = [each for each in mine + shared if each.can_start and any(each.is_(entry) for entry in wanted)]
        for each in mine + shared:
            if each not in kept:
                cron.execute("SELECT cron.unschedule(%s::bigint)", [each.jobid])
                found.remove(each)
        for entry in wanted:
            if not any(each.is_(entry) for each in kept):
                schedule(cron, owner, entry, taken={each.jobname for each in found})


def catalogue(identity: Connection, owner: Owner) -> Iterator[Entry]:
    if identity.execute(text("SELECT to_regclass('public.job') IS NULL")).scalar_one():
        return
    for row in identity.execute(CATALOGUE):
        yield Entry(row.name, row.schedule, row.command, owner.database)
    yield Entry("run_overdue_job", "* * * * *", RUN_OVERDUE, owner.database)


@contextmanager
def connected(url: str, owner: Owner) -> Iterator[Cron]:
    """Commits at its end. The errors of that database name it."""
    try:
        with psycopg.connect(url) as cron:
            check(cron, owner)
            yield cron
    except psycopg.Error as error:
        raise CommandError(f"CRON_DATABASE_URL: {error.diag.message_primary or error}".strip()) from error


def check(cron: Cron, owner: Owner) -> None:
    cron.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    [(server, role, is_superuser, is_there)] = cron.execute(
        "SELECT pg_postmaster_start_time()::text, current_user,"
        " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), to_regclass('cron.job') IS NOT NULL"
    ).fetchall()
    here = cron.info.dbname
    if server != owner.server:
        raise CommandError("CRON_DATABASE_URL names another server than DATABASE_URL: pg_cron reaches only its own.")
    if role != owner.role and not is_superuser:
        raise CommandError(
            f'CRON_DATABASE_URL logs in as "{role}", but the jobs are of "{owner.role}": log in as that role.'
        )
    if not is_there:
        raise CommandError(
            f'The extension pg_cron is not in the database "{here}".'
            " Let a superuser run, there: CREATE EXTENSION pg_cron;"
        )
    [(may,)] = cron.execute(
        "SELECT has_schema_privilege('cron', 'USAGE') AND has_function_privilege("
        "'cron.schedule_in_database(text, text, text, text, text, boolean)', 'EXECUTE')"
    ).fetchall()
    if not may:
        raise CommandError(
            f'The role "{role}" may not schedule jobs in the database "{here}". Let a superuser run, there:'
            f' GRANT USAGE ON SCHEMA cron TO "{role}"; GRANT EXECUTE ON FUNCTION cron.schedule_in_database TO "{role}";'
        )


def entries(cron: Cron, owner: Owner) -> list[Found]:
    with cron.cursor(row_factory=class_row(Found)) as cursor:
        return cursor.execute(
            r"""
            SELECT
                jobid,
                coalesce(jobname, '') AS jobname,
                schedule,
                command,
                database,
                command LIKE 'CALL public.run\_job(%%' OR command = %(run_overdue)s AS is_ours,
                database IN (SELECT datname FROM pg_database) AS is_of_a_database,
                active AND nodename = %(host)s AND nodeport = %(port)s AS can_start
            FROM cron.job
            WHERE username = %(role)s
            """,
            {"run_overdue": RUN_OVERDUE, "host": owner.host, "port": owner.port, "role": owner.role},
        ).fetchall()


def schedule(cron: Cron, owner: Owner, entry: Entry, taken: set[str]) -> None:
    """A name may stand once for each role: where another identity database has it, the database is added."""
    jobname = entry.jobname if entry.jobname not in taken else f"{entry.jobname}@{entry.database}"
    # Only a superuser may name a role, even the role itself.
    role = None if cron.info.user == owner.role else owner.role
    cron.execute(
        "SELECT cron.schedule_in_database(%s, %s, %s, %s, %s)",
        [jobname, entry.schedule, entry.command, entry.database, role],
    )
