"""``cron.job``: the one routine that writes it is in SQL; here it is called, or carried to pg_cron's own database.

On managed services ``cron.database_name`` is ``postgres`` and stays so. ``CRON_DATABASE_URL`` names that database, and
each migration ends by making its entries agree with the catalogue. In between the catalogue decides all the same: a
start that is not due does nothing, and ``run_overdue_job`` starts what has no entry.
"""

import json
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, text

from . import MIGRATION_LOCK
from .cron_database import Cron

WANTED = text("SELECT barycenter_jobs.cron_entries()")
ROUTINE = text(
    "SELECT replace(pg_get_functiondef('barycenter_jobs.reconcile_cron(jsonb, boolean)'::regprocedure),"
    " 'FUNCTION barycenter_jobs.reconcile_cron', 'FUNCTION pg_temp.reconcile_cron')"
)


class Schedule:
    """The entries in ``cron.job``, as of before and after the revisions. ``cron``: where pg_cron's database is another.

    Raises CommandError.
    """

    def __init__(self, connection: Connection, cron: Cron | None) -> None:
        self._connection = connection
        self._cron = cron
        self._wanted: dict[str, Any] | None = None
        self._routine = ""
        self._read()
        if not cron and self._wanted:
            self._refuse_to_leave_behind()

    def mend(self) -> None:
        """Makes the entries those of the catalogue; where that is gone, there are none."""
        if self._wanted:
            self._wanted["entries"] = []
        self._read()
        if not self._wanted:
            return
        if not self._cron:
            if self._wanted["entries"]:
                self._connection.execute(
                    text("SELECT barycenter_jobs.reconcile_cron(CAST(:wanted AS jsonb), true)"),
                    {"wanted": json.dumps(self._wanted)},
                )
            return
        if self._wanted["cron_database"] != self._cron.info.dbname:
            raise CommandError(
                f'pg_cron serves the database "{self._wanted["cron_database"]}", not "{self._cron.info.dbname}":'
                " let CRON_DATABASE_URL name that one."
            )
        self._cron.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        self._cron.execute(self._routine.encode())
        self._cron.execute("SELECT pg_temp.reconcile_cron(%s, true)", [json.dumps(self._wanted)])

    def _read(self) -> None:
        """Leaves what was read before where there is no catalogue (any more)."""
        if self._connection.execute(text("SELECT to_regprocedure('barycenter_jobs.cron_entries()')")).scalar_one():
            self._wanted = self._connection.execute(WANTED).scalar_one()
            self._routine = self._connection.execute(ROUTINE).scalar_one()

    def _refuse_to_leave_behind(self) -> None:
        is_elsewhere = text("SELECT current_setting('cron.database_name', true) <> current_database()")
        if self._connection.execute(is_elsewhere).scalar_one():
            raise CommandError(
                "pg_cron keeps these jobs in another database: set CRON_DATABASE_URL to that database's URL."
            )
