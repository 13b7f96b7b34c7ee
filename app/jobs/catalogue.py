"""The jobs: what they are, how they stand, and their control."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from ..db import Database


@dataclass(frozen=True, slots=True)
class Job:
    """A row of ``job``. ``schedule`` is five-field cron, UTC; ``retention`` and ``history_retention`` are seconds."""

    name: str
    description: str
    schedule: str
    enabled: bool
    paused_until: datetime | None
    pause_reason: str | None
    retention: int | None
    history_retention: int


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What ``job_status`` says of a job beside its row. Times are None where there is none."""

    name: str
    next_run_at: datetime | None
    overdue: bool
    failures_in_a_row: int
    running_since: datetime | None
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would delete now: how many rows, and the earliest ``expires_at`` among them."""

    name: str
    records: int
    oldest: datetime | None


SELECT: LiteralString = """
    SELECT
        name, description, schedule, enabled OR coalesce(paused_until <= now(), false) AS enabled,
        CASE WHEN paused_until > now() THEN paused_until END AS paused_until,
        CASE WHEN paused_until <= now() THEN NULL ELSE pause_reason END AS pause_reason,
        extract(EPOCH FROM retention)::bigint AS retention,
        extract(EPOCH FROM history_retention)::bigint AS history_retention
    FROM barycenter_jobs.job
"""


class Catalogue:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def jobs(self) -> list[Job]:
        """All jobs, in the catalogue's order."""
        return await self._database.fetch(Job, f"{SELECT} ORDER BY position")

    async def job(self, name: str) -> Job | None:
        rows = await self._database.fetch(Job, f"{SELECT} WHERE name = %(name)s", {"name": name})
        return rows[0] if rows else None

    async def statuses(self) -> list[JobStatus]:
        """How each job stands."""
        return await self._database.fetch(
            JobStatus,
            """
            SELECT name, next_run_at, overdue, failures_in_a_row, running_since, last_success_at
            FROM public.job_status
            """,
        )

    async def previews(self, names: list[str]) -> list[Preview]:
        """What a run of each would delete now. It counts, so it may take as long as reading the tables does."""
        return await self._database.fetch(
            Preview,
            """
            SELECT job.name, preview.records, preview.oldest
            FROM barycenter_jobs.job CROSS JOIN LATERAL barycenter_jobs.preview_job(job.name) AS preview
            WHERE job.name = ANY(%(names)s)
            """,
            {"names": names},
        )

    async def pause(self, name: str, reason: str | None, until: datetime | None, *, client: str) -> None:
        """pg_cron does not start it any more. Raises UnknownJobError and BadSettingError."""
        await self._database.call(
            "SELECT barycenter_jobs.pause_job(%(name)s, %(reason)s::text, %(until)s::timestamptz)",
            {"name": name, "reason": reason, "until": until},
            client=client,
        )

    async def resume(self, name: str, *, client: str) -> None:
        """Raises UnknownJobError."""
        await self._database.call("SELECT barycenter_jobs.resume_job(%(name)s)", {"name": name}, client=client)

    async def reschedule(self, name: str, schedule: str, *, client: str) -> None:
        """``schedule`` is five-field cron. Raises UnknownJobError and BadScheduleError."""
        await self._database.call(
            "SELECT barycenter_jobs.reschedule_job(%(name)s, %(schedule)s)",
            {"name": name, "schedule": schedule},
            client=client,
        )

    async def configure(self, name: str, retention: int | None, history_retention: int | None, *, client: str) -> None:
        """Seconds; None leaves a setting as it is. Raises UnknownJobError and BadSettingError."""
        await self._database.call(
            "SELECT barycenter_jobs.configure_job("
            "%(name)s, make_interval(secs => %(retention)s), make_interval(secs => %(history_retention)s))",
            {"name": name, "retention": retention, "history_retention": history_retention},
            client=client,
        )

    async def cancel(self, name: str, *, client: str) -> None:
        """Ends the run. Raises UnknownJobError and NotRunningError."""
        await self._database.call("SELECT barycenter_jobs.cancel_job(%(name)s)", {"name": name}, client=client)
