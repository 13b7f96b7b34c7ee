"""The SQL objects of a folder: in which order they are installed, and how each is dropped.

``sql/`` says what is true now. ``frozen/<revision>/`` holds what that revision installs: copies of those
files of ``sql/`` that were new or had changed. Both have one layout: a folder a kind of object, in it
one file an object, named as the object is.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from . import HOME, MIGRATIONS

SQL = HOME / "sql"
FROZEN = MIGRATIONS / "frozen"

# A kind may only need kinds above it. Within a kind, files go by name.
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
    "jobs.sql",
)

# What a table holds outlives its definition: it is made once, and a revision alters it by hand.
MADE_ONCE = "tables"

# How an object of a kind is undone; {0} is its file's name, of a trigger "table.trigger". Checks leave no trace,
# and identity tables are Barycenter's.
DROP = {
    "tables": "DROP TABLE public.{0}",
    "functions": "DROP FUNCTION public.{0}",
    "procedures": "DROP PROCEDURE public.{0}",
    "views": "DROP VIEW public.{0}",
    "triggers": "DROP TRIGGER {1} ON public.{0}",
    "grants.sql": "REVOKE USAGE ON SCHEMA public FROM barycenter_jobs_reader",
    "jobs.sql": "DELETE FROM public.job",  # which unschedules them
}


def files(folder: Path) -> list[Path]:
    """The SQL files of ``folder``, relative to it, in the order of installation."""
    return [path.relative_to(folder) for kind in KINDS for path in _files_of(folder / kind)]


def _files_of(path: Path) -> Iterator[Path]:
    yield from [path] if path.is_file() else sorted(path.glob("*.sql"))


def predecessor(file: Path, revision: str) -> Path | None:
    """The copy of ``file`` that was in force before ``revision``, if there was one."""
    earlier = [folder for folder in FROZEN.iterdir() if folder.name < revision and (folder / file).exists()]
    return max(earlier) / file if earlier else None


def upgrade_sql(revision: str) -> list[str]:
    """What installs the frozen copies of ``revision``, in order."""
    return [sql for file in files(FROZEN / revision) if (sql := _install(file, revision))]


def _install(file: Path, revision: str) -> str | None:
    sql = (FROZEN / revision / file).read_text()
    if predecessor(file, revision) is None:
        return sql  # CREATE fails on an object that is there: it may be a stranger's, and would stay the stranger's
    return None if file.parts[0] == MADE_ONCE else replacing(sql)


def downgrade_sql(revision: str) -> list[str]:
    """What puts back what stood before ``revision``, in order; then, what was new is dropped."""
    restores, drops = [], []
    for file in files(FROZEN / revision):
        kind = file.parts[0]
        if old := predecessor(file, revision):
            restores += [replacing(old.read_text())] if kind != MADE_ONCE else []
        elif kind in DROP:
            drops.append(DROP[kind].format(*file.stem.split(".")))
    return restores + drops[::-1]


def replacing(sql: str) -> str:
    """The same definition, for an object that is there already."""
    return re.sub(r"^CREATE (?=FUNCTION|PROCEDURE|VIEW|TRIGGER)", "CREATE OR REPLACE ", sql, flags=re.MULTILINE)
