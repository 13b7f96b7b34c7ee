"""The database: connections, and the one place where the driver's errors become ours."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from .errors import (
    AlreadyRunningError,
    BadScheduleError,
    BadSettingError,
    DatabaseError,
    DatabaseUnavailableError,
    InvalidInputError,
    JobsError,
    NotRunningError,
    UnknownJobError,
)

T = TypeVar("T")
Parameters = Mapping[str, Any]
Question = tuple[str, str]

TIMEOUT = 5.0  # seconds that a request waits for a connection
QUERY_TIMEOUT = 10.0  # seconds that a query may take, the wait for a connection included
RECONNECT_TIMEOUT = 10.0  # seconds within which the pool's pause between attempts grows no further
BY_SQLSTATE: dict[str, type[JobsError]] = {
    "JB001": UnknownJobError,
    "JB002": AlreadyRunningError,
    "JB005": NotRunningError,
    "JB006": BadScheduleError,
    "JB014": BadSettingError,
}
WITH_HINT = ("JB006", "JB014")
# PostgreSQL's appendix A: connection exception, insufficient resources, operator intervention.
UNAVAILABLE = ("08", "53", "57P")
GONE = {None, "57P01", "57P02"}  # the connection, or the server on the other end of it
NOT_MIGRATED = {"3F000", "42703", "42883", "42P01"}  # schema, column, function, table that is not there


class Database:
    """Connections of two kinds, so that reading never waits for a job: short reads, and CALLs that last."""

    def __init__(self, url: str) -> None:
        self._reads = pool(url, max_size=4)
        self._calls = pool(url, max_size=16, check=AsyncConnectionPool.check_connection)
        self._waiting: dict[Question, asyncio.Task[Any]] = {}
        self._calling: set[AsyncConnection[Any]] = set()

    async def open(self) -> None:
        """Begins to connect. A database that is down is no error: it is tried again until it is there."""
        await self._reads.open(wait=False)
        await self._calls.open(wait=False)

    async def close(self) -> None:
        """Closes all connections, and lets go what is still running on them."""
        self.let_go()
        await self._reads.close()
        await self._calls.close()

    def let_go(self) -> None:
        """A CALL that is still running is hung up on, not cancelled: the database finishes it."""
        for connection in self._calling:
            connection.pgconn.finish()

    async def fetch(self, row_type: type[T], query: LiteralString, parameters: Parameters | None = None) -> list[T]:
        """Runs a query; its rows come as ``row_type``, whose fields are named as the columns are. Raises JobsError.

        Who asks the same while one waits for a connection shares its answer, which is no older than their asking.
        """
        question = query, repr(parameters)
        if question not in self._waiting:
            self._waiting[question] = asyncio.create_task(self._fetch(row_type, query, parameters, question))
        rows: list[T] = await asyncio.shield(self._waiting[question])
        return rows

    async def _fetch(
        self, row_type: type[T], query: LiteralString, parameters: Parameters | None, question: Question
    ) -> list[T]:
        try:
            with translated():
                async with asyncio.timeout(QUERY_TIMEOUT):
                    return await self._read_again(row_type, query, parameters, question)
        finally:
            self._waits_no_more(question)

    async def _read_again(
        self, row_type: type[T], query: LiteralString, parameters: Parameters | None, question: Question
    ) -> list[T]:
        try:
            return await self._read(row_type, query, parameters, question)
        except psycopg.OperationalError as error:
            if error.sqlstate not in GONE or isinstance(error, PoolTimeout):
                raise
            # It died while it lay in the pool, and so may have the others. To ask each before each use costs as much as
            # the query does.
            await self._reads.check()
            return await self._read(row_type, query, parameters, question)

    async def _read(
        self, row_type: type[T], query: LiteralString, parameters: Parameters | None, question: Question
    ) -> list[T]:
        async with self._reads.connection() as connection:
            self._waits_no_more(question)
            cursor = connection.cursor(row_factory=class_row(row_type))
            await cursor.execute(query, parameters)
            return await cursor.fetchall()

    def _waits_no_more(self, question: Question) -> None:
        if self._waiting.get(question) is asyncio.current_task():
            del self._waiting[question]

    async def call(self, statement: LiteralString, parameters: Parameters, *, client: str) -> None:
        """Runs a statement that changes something, however long it takes; the database notes ``client`` as its
        application_name. Raises JobsError."""
        with translated():
            async with self._calls.connection() as connection:
                self._calling.add(connection)
                try:
                    await connection.execute("SELECT set_config('application_name', %s, false)", [client])
                    await connection.execute(statement, parameters)
                finally:
                    self._calling.discard(connection)


def pool(
    url: str, *, max_size: int, check: Callable[[AsyncConnection[Any]], Awaitable[None]] | None = None
) -> AsyncConnectionPool[AsyncConnection[Any]]:
    return AsyncConnectionPool(
        url,
        # Prepared statements belong to a server connection, which a transaction-pooling proxy does not keep.
        kwargs={"autocommit": True, "prepare_threshold": None, "application_name": "barycenter-jobs"},
        min_size=1,
        max_size=max_size,
        timeout=TIMEOUT,
        reconnect_timeout=RECONNECT_TIMEOUT,
        check=check,
        open=False,
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's errors into JobsErrors."""
    try:
        yield
    except TimeoutError as error:
        raise DatabaseUnavailableError(
            f"The database took longer than {QUERY_TIMEOUT:.0f} seconds to answer."
        ) from error
    except PoolTimeout as error:
        raise DatabaseUnavailableError("The database cannot be reached. Try again in a moment.") from error
    except UnicodeEncodeError as error:
        raise InvalidInputError("The text holds characters that are not valid Unicode.") from error
    except psycopg.Error as error:
        raise translation(error) from error


def translation(error: psycopg.Error) -> JobsError:
    state, message = error.sqlstate or "", error.diag.message_primary or f"{error}"
    if state in BY_SQLSTATE:
        return BY_SQLSTATE[state](f"{message}. {error.diag.message_hint}" if state in WITH_HINT else message)
    if state in NOT_MIGRATED:
        return DatabaseError(f"The database is not up to date ({message}). Run: alembic upgrade head")
    if isinstance(error, psycopg.DataError) and not state:
        return InvalidInputError(f"{message}.")
    if state.startswith(UNAVAILABLE) or (isinstance(error, psycopg.OperationalError) and not state):
        return DatabaseUnavailableError("The database went away. Try again in a moment.")
    return DatabaseError(message)
