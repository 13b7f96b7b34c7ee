"""How the jobs get into a database: Alembic's part."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

# The folder that holds migrations/ and sql/: a checkout's root, or the installed package.
HOME = next(folder for folder in Path(__file__).resolve().parents if (folder / "migrations").is_dir())
MIGRATIONS = HOME / "migrations"
# Any number will do, as long as it is the same for all who migrate: they go one after the other.
MIGRATION_LOCK = 8081_0001
SCHEMA = "barycenter_jobs"
# Where the role's own search_path finds Barycenter's tables; pg_catalog first, so that no rival's operator is called.
FIND_IDENTITY_TABLES = """
DO $$
BEGIN
    PERFORM pg_catalog.set_config('search_path', pg_catalog.current_setting('barycenter_jobs.identity_path'), true);
END
$$;
""".strip()
FIND_NOTHING = "SET LOCAL search_path = pg_catalog, pg_temp;"
# Names are looked up in pg_catalog alone: nobody's table or function of the same name gets in the way.
# And a migration rather fails than keeps logins waiting behind it.
SETTINGS = (
    """
    SELECT pg_catalog.set_config(
        'barycenter_jobs.identity_path', pg_catalog.concat_ws(', ', 'pg_catalog', pg_catalog.string_agg(
            pg_catalog.quote_ident(name), ', ' ORDER BY place
        ), 'pg_temp'), true
    )
    FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS path (name, place)
    WHERE name OPERATOR(pg_catalog.<>) CAST('pg_catalog' AS pg_catalog.name)
    """.strip(),
    FIND_NOTHING.removesuffix(";"),
    "SET LOCAL lock_timeout = '5s'",
    "SET LOCAL statement_timeout = '5min'",
)


def migrate() -> None:
    """``alembic upgrade head``. Raises alembic.util.CommandError, whose message is a sentence."""
    configuration = Config()
    configuration.set_main_option("script_location", f"{MIGRATIONS}".replace("%", "%%"))
    command.upgrade(configuration, "head")


def head() -> str:
    """The last revision: the state of the database that this code is for."""
    return ScriptDirectory(f"{MIGRATIONS}").get_current_head() or ""
