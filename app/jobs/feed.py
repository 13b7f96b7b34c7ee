"""The log, live: each change of an execution, to whoever reads.

It asks the database twice a second, and only while there is a reader. NOTIFY would be no faster than the second that
is promised, and is silent behind a transaction-pooling proxy and on a standby; what was missed would have to be asked
for all the same.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import replace

from ..errors import JobsError, RateLimitedError
from .executions import Execution, Executions

logger = logging.getLogger(__name__)

PERIOD = 0.5  # seconds
# An execution with a lower id may become visible after one with a higher id: so many are looked at again.
WINDOW = 200
MAX_READERS = 500
MAX_PENDING = 3000  # events that a reader may be behind


class Reader:
    """One reader's events. Progress that it was too slow for is overwritten by the next; a start and an end never."""

    def __init__(self) -> None:
        self._events: dict[tuple[int, str], Execution | None] = {}
        self._arrived = asyncio.Event()

    def put(self, phase: str, execution: Execution) -> None:
        if len(self._events) >= MAX_PENDING:
            self.close()
            return
        self._events[execution.id, phase] = execution
        self._arrived.set()

    def close(self) -> None:
        """Ends the stream: what is pending, and then no more."""
        self._events[0, "close"] = None
        self._arrived.set()

    async def read(self) -> AsyncGenerator[Execution, None]:
        while True:
            await self._arrived.wait()
            key = next(iter(self._events))
            execution = self._events.pop(key)
            if execution is None:
                return
            if not self._events:
                self._arrived.clear()
            yield execution


class Feed:
    def __init__(self, executions: Executions) -> None:
        self._executions = executions
        self._readers: set[Reader] = set()
        self._known: dict[int, Execution] = {}
        self._last_id = 0
        self._follower: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    async def changes(self) -> AsyncGenerator[Execution, None]:
        """What runs now, and from then on each start, progress and end of every run, whoever started it.

        What goes on while the database is away is told when it is back. Raises JobsError if it is away at first.
        """
        reader = Reader()
        await self._add(reader)
        try:
            async for execution in reader.read():
                yield execution
        finally:
            self._readers.discard(reader)

    def close(self) -> None:
        """Ends all readers' streams."""
        self._closed = True
        for reader in self._readers:
            reader.close()

    async def _add(self, reader: Reader) -> None:
        if len(self._readers) >= MAX_READERS:
            raise RateLimitedError(f"{MAX_READERS} subscriptions are open, and that is enough. End some of them.")
        async with self._starting:
            if self._follower is None or self._follower.done():
                self._last_id = await self._executions.last_id()
                self._known = {each.id: each for each in await self._look()}
                self._follower = asyncio.create_task(self._follow())
            for execution in self._known.values():
                if execution.completed_at is None:
                    reader.put("start", execution)
            self._readers.add(reader)
        if self._closed:
            reader.close()

    async def _follow(self) -> None:
        away = False
        while self._readers:
            await asyncio.sleep(PERIOD)
            try:
                executions = await self._look()
            except JobsError as error:
                if not away:
                    logger.warning("Live updates wait for the database: %s", error)
                away = True
                continue
            except Exception:
                logger.exception("Live updates go on after an internal error")
                continue
            away = False
            for execution in executions:
                self._tell(execution)
            self._known = {each.id: each for each in executions}

    async def _look(self) -> list[Execution]:
        unfinished = [execution.id for execution in self._known.values() if execution.completed_at is None]
        executions = await self._executions.changing(self._last_id - WINDOW, unfinished)
        self._last_id = max([self._last_id, *(execution.id for execution in executions)])
        return executions

    def _tell(self, execution: Execution) -> None:
        known = self._known.get(execution.id)
        if execution == known:
            return
        for reader in self._readers:
            if known is None:
                # One that has ended between two looks has started, too.
                reader.put("start", started(execution) if execution.completed_at else execution)
            if execution.completed_at:
                reader.put("end", execution)
            elif known is not None:
                reader.put("progress", execution)


def started(execution: Execution) -> Execution:
    """The execution as it was when it started."""
    return replace(
        execution,
        completed_at=None,
        success=None,
        error_message=None,
        error_code=None,
        records_processed=0,
        skipped_starts=0,
        progress=0.0,
        expected_end=None,
        status="RUNNING",
    )
