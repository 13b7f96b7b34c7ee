"""What is registered in ``cron.job`` where pg_cron is in another database than the jobs.

On managed services ``cron.database_name`` is ``postgres`` and stays so. ``CRON_DATABASE_URL`` names that database, and
each migration ends by making its entries agree with the catalogue. In between the catalogue decides all the same: an
entry that lags behind it starts nothing, and ``run_overdue_job`` starts what has no entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from alembic.util import CommandError
from psycopg.rows import class_row
from sqlalchemy import Connection, text

from . import MIGRATION_LOCK
from .cron_database import Cron

RUN_OVERDUE = "CALL public.run_overdue_job()"
CATALOGUE = text("""
    SELECT public.cron_job_names(name) AS names, schedule, public.cron_command(name, schedule) AS command
    FROM public.job
    WHERE enabled
    UNION ALL
    SELECT public.cron_job_names('run_overdue_job'), '* * * * *', :run_overdue
    ORDER BY names
""")
# pg_cron never prunes its own log. One entry does it for all of the owner's identity databases.
PRUNE = (
    r"DELETE FROM cron.job_run_details WHERE username = current_user AND command LIKE 'CALL public.run\_%job(%'"
    " AND runid <= (SELECT max(runid) FROM cron.job_run_details WHERE start_time < now() - interval '7 days')"
)
PRUNE_NAMES = ["prune_job_run_details", "prune_job_run_details@barycenter_jobs"]


@dataclass(frozen=True)
class Owner:
    """Whose jobs are to be registered, and how pg_cron reaches them."""

    role: str
    database: str
    cron_database: str
    host: str
    port: int


@dataclass(frozen=True)
class Entry:
    """What is to stand in ``cron.job``, under the first of the names that is free."""

    names: list[str]
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


def register(identity: Connection, cron: Cron) -> None:
    """Makes the entries those of the catalogue; without a catalogue there are none. Raises CommandError."""
    owner = Owner(
        *identity.execute(
            text(
                "SELECT current_user, current_database(), current_setting('cron.database_name'),"
                " current_setting('cron.host'), current_setting('port')::integer"
            )
        ).one()
    )
    if owner.cron_database != cron.info.dbname:
        raise CommandError(
            f'pg_cron serves the database "{owner.cron_database}", not "{cron.info.dbname}":'
            " let CRON_DATABASE_URL name that one."
        )
    wanted = list(catalogue(identity, owner))
    cron.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
    found = entries(cron, owner)
    mine = [each for each in found if each.is_ours and (each.database == owner.database or not each.is_of_a_database)]
    shared = [each for each in found if each.command == PRUNE]
    if wanted or any(each.is_ours and each not in mine for each in found):
        wanted.append(Entry(PRUNE_NAMES, "7 3 * * *", PRUNE, owner.cron_database))
    kept = [each for each in mine + shared if each.can_start and any(each.is_(entry) for entry in wanted)]
    for each in mine + shared:
        if each not in kept:
            cron.execute("SELECT cron.unschedule(%s::bigint)", [each.jobid])
            found.remove(each)
    taken = {each.jobname for each in found}
    for entry in wanted:
        if not any(each.is_(entry) for each in kept):
            taken.add(schedule(cron, owner, entry, taken))


def catalogue(identity: Connection, owner: Owner) -> Iterator[Entry]:
    if identity.execute(text("SELECT to_regclass('public.job') IS NULL")).scalar_one():
        return
    for row in identity.execute(CATALOGUE, {"run_overdue": RUN_OVERDUE}):
        yield Entry(row.names, row.schedule, row.command, owner.database)


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


def schedule(cron: Cron, owner: Owner, entry: Entry, taken: set[str]) -> str:
    """Returns the name. pg_cron would overwrite what the role has under it: another database's job, or a stranger."""
    jobname = next((name for name in entry.names if name not in taken), None)
    if jobname is None:
        raise CommandError(
            f'In cron.job other jobs of "{owner.role}" have the names {" and ".join(entry.names)}.'
            " Unschedule one of them, if it is yours: SELECT cron.unschedule(name)."
        )
    # Only a superuser may name a role, even the role itself.
    cron.execute(
        "SELECT cron.schedule_in_database(%s, %s, %s, %s, nullif(%s, current_user))",
        [jobname, entry.schedule, entry.command, entry.database, owner.role],
    )
    return jobname
