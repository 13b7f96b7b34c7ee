"""What the product can do, and the only module that names SQL objects."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

from .db import Database
from .errors import DatabaseError, DatabaseUnavailableError


@dataclass(frozen=True, slots=True)
class Job:
    """A row of ``job``. ``schedule`` is five-field cron, UTC."""

    name: str
    description: str
    schedule: str


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


EXECUTIONS: LiteralString = """
    SELECT id, job_name, started_at, completed_at, success, error_message, records_processed
    FROM public.job_execution
"""


class Jobs:
    """The jobs of one database. Every method may raise JobsError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._runs: set[asyncio.Task[None]] = set()

    async def catalogue(self) -> list[Job]:
        """All jobs, in the catalogue's order."""
        return await self._database.fetch(Job, "SELECT name, description, schedule FROM public.job ORDER BY position")

    async def executions(self, *, job_name: str | None, only_failures: bool, limit: int) -> list[Execution]:
        """The log, newest start first, ``limit`` rows at most. A job that is unknown has none."""
        return await self._database.fetch(
            Execution,
            EXECUTIONS
            + """
            WHERE (%(job_name)s::text IS NULL OR job_name = %(job_name)s) AND (NOT %(only_failures)s OR NOT success)
            ORDER BY started_at DESC, id DESC
            LIMIT %(limit)s
            """,
            {"job_name": job_name, "only_failures": only_failures, "limit": limit},
        )

    async def run(self, name: str) -> Execution:
        """Runs a job and returns its ended execution, be it a success or a failure.

        The run does not depend on the caller: who is cancelled while waiting leaves it going.
        Raises UnknownJobError and AlreadyRunningError; then nothing was run.
        """
        request_id = uuid4()
        try:
            await self._detached(
                self._database.call(
                    "CALL public.run_job(%(name)s, p_request_id => %(request_id)s)",
                    {"name": name, "request_id": request_id},
                )
            )
        except (DatabaseError, DatabaseUnavailableError) as error:
            # A run that failed fails its CALL, and what happened to it stands in the log. What is not there never ran.
            execution = await self._execution(name, request_id)
            if execution and execution.success is not None:
                return execution
            if execution and isinstance(error, DatabaseError):
                # Interrupted between two batches, where it could not write its end.
                return replace(execution, success=False, error_message=f"{error}")
            raise
        if execution := await self._execution(name, request_id):
            return execution
        raise DatabaseError(f"Job {name} ran, but its row in job_execution is gone.")

    async def _execution(self, job_name: str, request_id: UUID) -> Execution | None:
        rows = await self._database.fetch(
            Execution,
            EXECUTIONS
            + "WHERE job_name = %(job_name)s AND request_id = %(request_id)s ORDER BY started_at DESC LIMIT 1",
            {"job_name": job_name, "request_id": request_id},
        )
        return rows[0] if rows else None

    async def _detached(self, call: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(call)
        self._runs.add(task)  # the event loop itself keeps only a weak reference
        task.add_done_callback(self._runs.discard)
        await asyncio.shield(task)
