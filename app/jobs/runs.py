"""Running a job."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from ..db import Database
from ..errors import DatabaseError, DatabaseUnavailableError
from .executions import Execution, Executions

PATIENCE = 30.0  # seconds: less than what proxies wait for an answer
LOOK = 0.02  # seconds between two looks for the row of a run that has just been started


class Runs:
    """Runs belong to the database: neither a caller that is gone nor the end of this process stops one."""

    def __init__(self, database: Database, executions: Executions) -> None:
        self._database = database
        self._executions = executions
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = True

    async def run(self, name: str, *, client: str, wait: bool = True, patience: float = PATIENCE) -> Execution:
        """Runs a job and returns its execution: ended, be it a success or a failure; or still running, where ``wait``
        is false or ``patience`` (seconds) has come to an end.

        Raises UnknownJobError and AlreadyRunningError; then nothing was run.
        """
        request_id = uuid4()
        call = self._detached(
            self._database.call(
                "CALL barycenter_jobs.run_job(%(name)s, %(request_id)s)",
                {"name": name, "request_id": request_id},
                client=client,
            )
        )
        await self._wait(call, patience if wait else 0)
        while not call.done():
            if execution := await self._executions.by_request(name, request_id):
                return execution
            await asyncio.wait({call}, timeout=LOOK)
        return await self._ended(call, name, request_id)

    def stop_waiting(self) -> None:
        """All who wait for a run are answered that it is still running."""
        self._waiting = False

    async def _wait(self, call: asyncio.Task[None], seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while self._waiting and not call.done() and (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait({call}, timeout=min(left, 0.5))

    async def _ended(self, call: asyncio.Task[None], name: str, request_id: UUID) -> Execution:
        try:
            call.result()
        except (DatabaseError, DatabaseUnavailableError) as error:
            # A run that failed fails its CALL, and what happened to it stands in the log. What is not there never ran.
            execution = await self._executions.by_request(name, request_id)
            if execution and execution.success is not None:
                return execution
            if execution and isinstance(error, DatabaseError):
                # Interrupted between two batches, where it could not write its end.
                return replace(execution, success=False, error_message=f"{error}", status="LOST")
            raise
        if execution := await self._executions.by_request(name, request_id):
            return execution
        raise DatabaseError(f"Job {name} ran, but its row in job_execution is gone.")

    def _detached(self, call: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(call)
        self._tasks.add(task)  # the event loop itself keeps only a weak reference
        task.add_done_callback(self._let_go)
        return task

    def _let_go(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # of a run that nobody waited for: the log has it
