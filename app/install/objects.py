"""The SQL objects of a folder: in which order they are installed, and how each is dropped.

``sql/`` has the current definitions. ``frozen/<revision>/`` holds what that revision installs: copies of those
files of ``sql/`` that were new or had changed. Both have one layout: a folder per kind of object, in it
one file per object, named as the object is.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from . import FIND_IDENTITY_TABLES, FIND_NOTHING, HOME, MIGRATIONS

SQL = HOME / "sql"
FROZEN = MIGRATIONS / "frozen"

# A kind may only need kinds above it. Within a kind, files are sorted by name.
KINDS = (
    "checks",
    "roles.sql",
    "identity",
    "tables",
    "functions",
    "procedures",
    "views",
    "triggers",
    "grants.sql",
    "jobs",
)
# What a table holds outlives its definition: it is created once, and a revision alters it by hand.
CREATED_ONCE = "tables"
# What names Barycenter's tables finds them as the role does.
NAME_IDENTITY_TABLES = ("identity_tables.sql", "identity", "jobs")
# Nothing to undo: checks leave no trace, roles belong to the cluster, and identity tables to Barycenter.
KEPT = ("checks", "roles.sql", "identity")


def files(folder: Path) -> list[Path]:
    """The SQL files of ``folder``, relative to it, in the order of installation."""
    return [path.relative_to(folder) for kind in KINDS for path in _files_of(folder / kind)]


def _files_of(path: Path) -> Iterator[Path]:
    yield from [path] if path.is_file() else sorted(path.rglob("*.sql"))


def predecessor(file: Path, revision: str) -> Path | None:
    """The copy of ``file`` that was in force before ``revision``, if there was one."""
    earlier = [folder for folder in FROZEN.iterdir() if folder.name < revision and (folder / file).exists()]
    return max(earlier) / file if earlier else None


def upgrade_sql(revision: str) -> list[str]:
    """What installs the frozen copies of ``revision``, in order."""
    return [sql for file in files(FROZEN / revision) if (sql := _install(file, revision))]


def _install(file: Path, revision: str) -> str | None:
    sql = finding(file, (FROZEN / revision / file).read_text())
    if predecessor(file, revision) is None:
        return sql  # CREATE fails on an object that exists: it may be a stranger's, and would stay the stranger's
    return None if file.parts[0] == CREATED_ONCE else replacing(sql)


def downgrade_sql(revision: str) -> list[str]:
    """What restores the state before ``revision``, in order; at the end, new objects are dropped."""
    restores, drops = [], []
    for file in files(FROZEN / revision):
        if old := predecessor(file, revision):
            restores += [replacing(finding(file, old.read_text()))] if file.parts[0] != CREATED_ONCE else []
        elif file.parts[0] not in KEPT:
            drops += _drops(file, (FROZEN / revision / file).read_text())
    return restores + drops[::-1]


def _drops(file: Path, sql: str) -> list[str]:
    """What undoes a file, last things first once it is read from the end."""
    if file.name == "grants.sql":
        return ["REVOKE USAGE ON SCHEMA public, barycenter_jobs FROM barycenter_jobs_reader"]
    if trigger := re.search(r"^CREATE TRIGGER (\w+)\n.* ON ([\w.]+)$", sql, re.MULTILINE):
        return [f"DROP TRIGGER {trigger[1]} ON {trigger[2]}"]
    created = re.findall(
        r"^CREATE (?:OR REPLACE |UNLOGGED )?(TABLE|FUNCTION|PROCEDURE|VIEW) (barycenter_jobs\.\w+|public\.\w+)",
        sql,
        re.MULTILINE,
    )
    job = [f"SELECT barycenter_jobs.drop_job('{file.stem}')"] if file.parts[0] == "jobs" else []
    # Somebody may have dropped a table of Barycenter's, and its view with it.
    return [f"DROP {kind} IF EXISTS {name}" for kind, name in created] + job


def job_sql(revision: str) -> dict[str, str]:
    """By name, what declares each job that comes with the product, as of ``revision``."""
    folders = sorted(folder for folder in FROZEN.iterdir() if folder.name <= revision)
    return {
        file.stem: finding(Path("jobs"), file.read_text()) for folder in folders for file in _files_of(folder / "jobs")
    }


def finding(file: Path, sql: str) -> str:
    """The same, with the search_path that it needs."""
    return f"{FIND_IDENTITY_TABLES}\n{sql}\n{FIND_NOTHING}" if {*file.parts} & {*NAME_IDENTITY_TABLES} else sql


def replacing(sql: str) -> str:
    """The same definition, for an object that exists already."""
    return re.sub(r"^CREATE (?=FUNCTION|PROCEDURE|VIEW|TRIGGER)", "CREATE OR REPLACE ", sql, flags=re.MULTILINE)
