"""The log: executions one by one, in pages, and in figures."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from ..db import Database

# What an execution's status is, by what its row says: one of these conditions, each of which an index answers.
STATUSES: dict[str, tuple[LiteralString, ...]] = {
    "SUCCEEDED": ("success",),
    "CANCELLED": ("NOT success AND error_code = 'JB007'",),
    "LOST": ("NOT success AND error_code = 'JB003'", "completed_at IS NULL AND barycenter_jobs.is_lost(id)"),
    "FAILED": ("NOT success AND error_code NOT IN ('JB003', 'JB007')",),
    "RUNNING": ("completed_at IS NULL AND NOT barycenter_jobs.is_lost(id)",),
}


@dataclass(frozen=True, slots=True)
class Execution:
    """A row of ``job_execution``. ``completed_at`` and ``success`` are None while it runs."""

    id: int
    job_name: str
    started_at: datetime
    completed_at: datetime | None
    success: bool | None
    error_message: str | None
    records_processed: int
    error_code: str | None
    scheduled: bool
    started_by: str
    client: str
    skipped_starts: int
    progress: float | None
    expected_end: datetime | None
    status: str


@dataclass(frozen=True, slots=True)
class Latest(Execution):
    """The last execution of its job that is of a ``kind``: "any", "success" or "running"."""

    kind: str


@dataclass(frozen=True, slots=True)
class Id:
    id: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A job's executions that started within a window. Durations are seconds, of those that have ended."""

    name: str
    runs: int
    failures: int
    records_processed: int
    duration_p50: float | None
    duration_p95: float | None


STATUS: LiteralString = (
    "CASE" + "".join(f" WHEN {' OR '.join(kinds)} THEN '{name}'" for name, kinds in STATUSES.items()) + " END"
)
COLUMNS: LiteralString = f"""
    id, job_name, started_at, completed_at, success, error_message, records_processed, error_code, scheduled,
    started_by, application_name AS client, skipped_starts, progress::float8 AS progress, expected_end,
    {STATUS} AS status
"""
SELECT: LiteralString = f"SELECT {COLUMNS} FROM public.job_execution"
NEWEST: LiteralString = "ORDER BY started_at DESC, id DESC LIMIT %(limit)s"
FILTERS: dict[str, LiteralString] = {
    "job_name": "job_name = %(job_name)s",
    "started_from": "started_at >= %(started_from)s",
    "started_before": "started_at < %(started_before)s",
    "after_start": "(started_at, id) < (%(after_start)s, %(after_id)s)",
}
# Each kind with a condition that an index answers.
LATEST: LiteralString = " UNION ALL ".join(
    f"""
    SELECT latest.*, wanted.kind FROM wanted CROSS JOIN LATERAL (
        {SELECT} WHERE job_name = wanted.name AND {condition} ORDER BY started_at DESC, id DESC LIMIT 1
    ) AS latest WHERE wanted.kind = '{kind}'
    """
    for kind, condition in {"any": "true", "success": "success", "running": "completed_at IS NULL"}.items()
)


def page_query(conditions: list[LiteralString], status: str | None) -> LiteralString:
    """The newest ``limit`` executions that meet the conditions, each index asked by itself."""
    pages: list[LiteralString] = [
        f"({SELECT} WHERE {' AND '.join([*conditions, kind])} {NEWEST})"
        for kind in (STATUSES[status] if status else ("true",))
    ]
    return f"SELECT * FROM ({' UNION ALL '.join(pages)}) AS page {NEWEST}"


class Executions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        *,
        job_name: str | None = None,
        only_failures: bool = False,
        status: str | None = None,
        started_from: datetime | None = None,
        started_before: datetime | None = None,
        after: tuple[datetime, int] | None = None,
        limit: int,
    ) -> list[Execution]:
        """The log, newest start first, ``limit`` rows at most. A job that is unknown has none.

        ``after``: the ``started_at`` and ``id`` of the row that the page before ended with.
        """
        after_start, after_id = after or (None, None)
        given = {
            "job_name": job_name,
            "started_from": started_from,
            "started_before": started_before,
            "after_start": after_start,
            "after_id": after_id,
        }
        conditions = [FILTERS[name] for name in FILTERS if given[name] is not None]
        if only_failures:
            conditions.append("NOT success")
        return await self._database.fetch(Execution, page_query(conditions, status), {**given, "limit": limit})

    async def by_id(self, execution_id: int) -> Execution | None:
        rows = await self._database.fetch(Execution, f"{SELECT} WHERE id = %(id)s", {"id": execution_id})
        return rows[0] if rows else None

    async def by_request(self, job_name: str, request_id: UUID) -> Execution | None:
        """The execution that a trigger's own id belongs to."""
        rows = await self._database.fetch(
            Execution,
            f"{SELECT} WHERE job_name = %(name)s AND request_id = %(request_id)s ORDER BY started_at DESC LIMIT 1",
            {"name": job_name, "request_id": request_id},
        )
        return rows[0] if rows else None

    async def latest(self, wanted: list[tuple[str, str]]) -> list[Latest]:
        """For each kind and job's name the last execution, where there is one."""
        return await self._database.fetch(
            Latest,
            f"WITH wanted (kind, name) AS (SELECT * FROM unnest(%(kinds)s::text[], %(names)s::text[])) {LATEST}",
            {"kinds": [kind for kind, _ in wanted], "names": [name for _, name in wanted]},
        )

    async def figures(self, window: timedelta) -> list[Figures]:
        """The figures of each job, one that did not run included."""
        return await self._database.fetch(
            Figures,
            """
            SELECT
                job.name,
                count(execution.id) AS runs,
                count(*) FILTER (WHERE NOT execution.success) AS failures,
                coalesce(sum(execution.records_processed), 0)::bigint AS records_processed,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY execution.seconds) AS duration_p50,
                percentile_cont(0.95) WITHIN GROUP (ORDER BY execution.seconds) AS duration_p95
            FROM barycenter_jobs.job
            LEFT JOIN LATERAL (
                SELECT id, success, records_processed, extract(EPOCH FROM completed_at - started_at)::float8 AS seconds
                FROM public.job_execution
                WHERE job_name = job.name AND started_at >= now() - %(window)s::interval
            ) AS execution ON true
            GROUP BY job.name
            """,
            {"window": window},
        )

    async def last_id(self) -> int:
        """The highest id in the log; 0 while it is empty."""
        [row] = await self._database.fetch(Id, "SELECT coalesce(max(id), 0) AS id FROM public.job_execution")
        return row.id

    async def changing(self, above: int, ids: list[int]) -> list[Execution]:
        """The unfinished ones, those with an id ``above``, and those with these ``ids``, in the order of ids."""
        return await self._database.fetch(
            Execution,
            f"{SELECT} WHERE completed_at IS NULL OR id > %(above)s OR id = ANY(%(ids)s) ORDER BY id",
            {"above": above, "ids": ids},
        )
