"""The connection to pg_cron's database, where that is another than the jobs', and its checks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic.util import CommandError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, text

from . import SETTINGS
from .sentence import sentence

Cron = psycopg.Connection[Any]

CONNECT_TIMEOUT = 10  # seconds, where the URL does not say


@contextmanager
def connected(identity: Connection, url: str) -> Iterator[Cron | None]:
    """A connection to the database of ``url``, which commits at its end; None where that is the jobs' own database.

    Raises CommandError with one sentence, which says that it is about that database.
    """
    try:
        given = conninfo_to_dict(url)
        with psycopg.connect(url, connect_timeout=given.get("connect_timeout", CONNECT_TIMEOUT)) as cron:
            for setting in SETTINGS:
                cron.execute(setting.encode())
            yield cron if is_another(cron, identity) else None
    except psycopg.Error as error:
        raise CommandError(f"CRON_DATABASE_URL: {sentence(error)}") from error


def is_another(cron: Cron, identity: Connection) -> bool:
    """Whether it is another database than the jobs', and one where they may be registered. Raises CommandError."""
    started, role, database = identity.execute(
        text("SELECT extract(EPOCH FROM pg_postmaster_start_time()), current_user, current_database()")
    ).one()
    [(is_the_same_server, cron_role, is_superuser, has_pg_cron)] = cron.execute(
        """
        SELECT
            extract(EPOCH FROM pg_postmaster_start_time()) = %s,
            current_user,
            (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
            EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')
        """,
        [started],
    ).fetchall()
    if not is_the_same_server:
        raise CommandError("CRON_DATABASE_URL names another server than DATABASE_URL: pg_cron reaches only its own.")
    if cron.info.dbname == database:
        return False
    if cron_role != role and not is_superuser:
        raise CommandError(
            f'CRON_DATABASE_URL logs in as "{cron_role}", but the jobs are of "{role}": log in as that role.'
        )
    if not has_pg_cron:
        raise CommandError(
            f'The extension pg_cron is not in the database "{cron.info.dbname}".'
            " Let a superuser run, there: CREATE EXTENSION pg_cron;"
        )
    if missing := missing_grants(cron, role):
        raise CommandError(
            f'The role "{role}" may not schedule jobs in the database "{cron.info.dbname}".'
            f" Let a superuser run, there: {missing}"
        )
    return True


def missing_grants(cron: Cron, role: str) -> str | None:
    """What ``role`` lacks, as commands. Its entries run as it, whoever registers them."""
    [(missing,)] = cron.execute(
        """
        SELECT string_agg(format(needed.command, %(role)s::text, current_database()), ' ')
        FROM (
            VALUES
            (
                has_database_privilege(%(role)s, current_database(), 'CONNECT'),
                'GRANT CONNECT ON DATABASE %%2$I TO %%1$I;'
            ),
            (has_schema_privilege(%(role)s, 'cron', 'USAGE'), 'GRANT USAGE ON SCHEMA cron TO %%1$I;'),
            (
                (
                    SELECT has_table_privilege(%(role)s, oid, 'SELECT') AND has_table_privilege(%(role)s, oid, 'DELETE')
                    FROM pg_class
                    WHERE relnamespace = 'cron'::regnamespace AND relname = 'job_run_details'
                ),
                'GRANT SELECT, DELETE ON cron.job_run_details TO %%1$I;'
            ),
            (
                (
                    SELECT bool_and(has_function_privilege(oid, 'EXECUTE'))
                    FROM pg_proc
                    WHERE pronamespace = 'cron'::regnamespace AND proname = 'schedule_in_database'
                ),
                'GRANT EXECUTE ON FUNCTION cron.schedule_in_database TO %%1$I;'
            )
        ) AS needed (fulfilled, command)
        WHERE NOT needed.fulfilled
        """,
        {"role": role},
    ).fetchall()
    return missing if missing is None else f"{missing}"
