"""What Alembic's ``env.py`` does: connects as DATABASE_URL says and runs the revisions in one transaction."""

from contextlib import nullcontext

import psycopg
from alembic import context
from alembic.operations import MigrateOperation, Operations
from alembic.runtime.migration import MigrationInfo
from alembic.util import CommandError
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import Literal
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ..settings import SettingsError, cron_database_url, database_url
from . import MIGRATION_LOCK, SCHEMA, SETTINGS, cron_database
from .objects import downgrade_sql, job_sql, upgrade_sql
from .schedule import Schedule
from .sentence import sentence

# Where pg_cron is expected: the check of the server reads it.
CRON_DATABASE = "barycenter_jobs.cron_database"
CREATE_SCHEMA = f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"
# What an operator has created in the schema stays, and the schema with it.
DROP_SCHEMA = f"""
DO $$
BEGIN
    DROP TABLE {SCHEMA}.alembic_version;
    DROP SCHEMA {SCHEMA};
EXCEPTION
    WHEN dependent_objects_still_exist THEN
        RAISE NOTICE 'The schema {SCHEMA} stays: %', SQLERRM;
END
$$
"""


@Operations.register_operation("install_frozen")
class InstallFrozen(MigrateOperation):
    """Installs a revision's frozen copies."""

    def __init__(self, revision: str) -> None:
        self.revision = revision

    @classmethod
    def install_frozen(cls, operations: Operations, revision: str) -> None:
        operations.invoke(cls(revision))


@Operations.register_operation("uninstall_frozen")
class UninstallFrozen(InstallFrozen):
    """Puts back what stood before a revision's frozen copies."""

    @classmethod
    def uninstall_frozen(cls, operations: Operations, revision: str) -> None:
        operations.invoke(cls(revision))


@Operations.implementation_for(InstallFrozen)
def _install(operations: Operations, operation: InstallFrozen) -> None:
    for sql in upgrade_sql(operation.revision):
        execute(operations, sql)


@Operations.implementation_for(UninstallFrozen)
def _uninstall(operations: Operations, operation: UninstallFrozen) -> None:
    for sql in downgrade_sql(operation.revision):
        execute(operations, sql)


def execute(operations: Operations, sql: str) -> None:
    """Runs SQL as it stands: ``:name`` and ``%`` are no placeholders."""
    if context.is_offline_mode():
        write(sql.rstrip("\n;") + ";\n")
    else:
        operations.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def write(text: str) -> None:
    """Adds to the SQL of an offline run."""
    context.get_context().impl.static_output(text)


def run() -> None:
    """Raises CommandError with one sentence for all that goes wrong."""
    try:
        if context.is_offline_mode():
            run_offline()
        else:
            run_online()
    except DBAPIError as error:
        raise CommandError(sentence(error.orig)) from error
    except (SettingsError, psycopg.Error) as error:
        raise CommandError(sentence(error)) from error


def run_offline() -> None:
    url = cron_database_url()
    context.configure(dialect_name="postgresql", version_table_schema=SCHEMA, literal_binds=True)
    with context.begin_transaction():
        for setting in SETTINGS:
            context.execute(setting)
        context.execute(CREATE_SCHEMA)
        if url:
            write(f"SET LOCAL {CRON_DATABASE} = {Literal(database_of(url)).as_string()};\n")
        context.run_migrations()
    if url:
        write("-- cron.job is in another database: the same command without --sql makes it agree.\n")


def database_of(url: str) -> str:
    """The database that CRON_DATABASE_URL names. Raises SettingsError."""
    name = conninfo_to_dict(url).get("dbname")
    if not name:
        raise SettingsError("CRON_DATABASE_URL names no database: end it with /postgres, or whichever is pg_cron's.")
    return f"{name}"


def run_online() -> None:
    url = database_url()
    steps: list[MigrationInfo] = []

    def note(ctx: object, step: MigrationInfo, heads: object, run_args: object) -> None:
        """Alembic's on_version_apply; it calls by these names."""
        steps.append(step)

    # libpq reads the URL, so that everything that works with psql works here.
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, version_table_schema=SCHEMA, on_version_apply=note)
        with context.begin_transaction():
            connection.exec_driver_sql(f"SELECT pg_catalog.pg_advisory_xact_lock({MIGRATION_LOCK})")
            for setting in SETTINGS:
                connection.exec_driver_sql(setting)
            migrate(connection)
    for step in steps:
        direction = "Upgraded to" if step.is_upgrade else "Downgraded from"
        context.config.print_stdout("%s revision %s", direction, step.up_revision_id)


def migrate(connection: Connection) -> None:
    """The revisions, then the jobs and the schedule, which are mended even when there was nothing to migrate.

    pg_cron's own database, where it is another one, commits just before this one does. Should this one fail at that
    very moment, the two disagree until the next migration.
    """
    if not migrates():
        context.run_migrations()
        return

    url = cron_database_url()
    with cron_database.connected(connection, url) if url else nullcontext() as cron:
        schedule = Schedule(connection, cron)
        if cron:
            set_config = text("SELECT pg_catalog.set_config(:name, :value, true)")
            connection.execute(set_config, {"name": CRON_DATABASE, "value": cron.info.dbname})
        create_schema(connection)
        context.run_migrations()
        heads = context.get_context().get_current_heads()
        if heads:
            restore_jobs(connection, heads[0])
        schedule.mend()
        if not heads:
            connection.exec_driver_sql(DROP_SCHEMA, execution_options={"no_parameters": True})


def create_schema(connection: Connection) -> None:
    """Raises CommandError where the role may not."""
    is_missing, may_create, role, database = connection.execute(
        text(
            "SELECT to_regnamespace(:schema) IS NULL, has_database_privilege(current_database(), 'CREATE'),"
            " quote_ident(current_user), quote_ident(current_database())"
        ),
        {"schema": SCHEMA},
    ).one()
    if is_missing and not may_create:
        raise CommandError(
            f"The role {role} may not create the schema {SCHEMA}."
            f" Let a superuser run: GRANT CREATE ON DATABASE {database} TO {role};"
        )
    connection.exec_driver_sql(CREATE_SCHEMA)


def restore_jobs(connection: Connection, revision: str) -> None:
    """Declares the jobs that come with the product and that somebody has dropped, as the owner of the others."""
    owner = connection.execute(text("SELECT nspowner::regrole FROM pg_namespace WHERE nspname = :s"), {"s": SCHEMA})
    connection.exec_driver_sql(f"SET LOCAL ROLE {owner.scalar_one()}")  # a regrole is quoted where it has to be
    there = set(connection.execute(text(f"SELECT name FROM {SCHEMA}.job")).scalars())  # noqa: S608, our own name
    for name, sql in job_sql(revision).items():
        if name not in there:
            connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    connection.exec_driver_sql("RESET ROLE")


def migrates() -> bool:
    try:
        context.get_revision_argument()
    except KeyError:  # a command that goes nowhere, such as "current"
        return False
    return True
