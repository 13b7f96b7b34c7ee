"""The database: connections, and the one place where the driver's errors become ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from .errors import (
    AlreadyRunningError,
    DatabaseError,
    DatabaseUnavailableError,
    InvalidInputError,
    JobsError,
    UnknownJobError,
)

T = TypeVar("T")
Parameters = Mapping[str, Any]

TIMEOUT = 5.0  # seconds that a request waits for a connection
RECONNECT_TIMEOUT = 10.0  # seconds within which the pool's pause between attempts grows no further
BY_SQLSTATE: dict[str, type[JobsError]] = {"JB001": UnknownJobError, "JB002": AlreadyRunningError}
# PostgreSQL's appendix A: connection exception, insufficient resources, operator intervention.
UNAVAILABLE = ("08", "53", "57P")
NOT_MIGRATED = {"3F000", "42703", "42883", "42P01"}  # schema, column, function, table that is not there


class Database:
    """Connections of two kinds, so that reading never waits for a job: short reads, and CALLs that last."""

    def __init__(self, url: str) -> None:
        self._reads = pool(url, max_size=4)
        self._calls = pool(url, max_size=16)
        self._calling: set[AsyncConnection[Any]] = set()

    async def open(self) -> None:
        """Begins to connect. A database that is down is no error: it is tried again until it is there."""
        await self._reads.open(wait=False)
        await self._calls.open(wait=False)

    async def close(self) -> None:
        """Closes all connections. A CALL that is still running is let go, not cancelled: the database finishes it."""
        for connection in self._calling:
            connection.pgconn.finish()
        await self._reads.close()
        await self._calls.close()

    async def fetch(self, row_type: type[T], query: LiteralString, parameters: Parameters | None = None) -> list[T]:
        """Runs a query; its rows come as ``row_type``, whose fields are named as the columns are. Raises JobsError."""
        with translated():
            async with self._reads.connection() as connection:
                cursor = connection.cursor(row_factory=class_row(row_type))
                await cursor.execute(query, parameters)
                return await cursor.fetchall()

    async def call(self, statement: LiteralString, parameters: Parameters) -> None:
        """Runs a CALL, however long it takes. Raises JobsError."""
        with translated():
            async with self._calls.connection() as connection:
                self._calling.add(connection)
                try:
                    await connection.execute(statement, parameters)
                finally:
                    self._calling.discard(connection)


def pool(url: str, *, max_size: int) -> AsyncConnectionPool[AsyncConnection[Any]]:
    return AsyncConnectionPool(
        url,
        # Prepared statements belong to a server connection, which a transaction-pooling proxy does not keep.
        kwargs={"autocommit": True, "prepare_threshold": None, "application_name": "barycenter-jobs"},
        min_size=1,
        max_size=max_size,
        timeout=TIMEOUT,
        reconnect_timeout=RECONNECT_TIMEOUT,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's errors into JobsErrors."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailableError("The database cannot be reached. Try again in a moment.") from error
    except UnicodeEncodeError as error:
        raise InvalidInputError("The text holds characters that are not valid Unicode.") from error
    except psycopg.Error as error:
        raise translation(error) from error


def translation(error: psycopg.Error) -> JobsError:
    state, message = error.sqlstate or "", error.diag.message_primary or f"{error}"
    if state in BY_SQLSTATE:
        return BY_SQLSTATE[state](message)
    if state in NOT_MIGRATED:
        return DatabaseError(f"The database is not up to date ({message}). Run: alembic upgrade head")
    if isinstance(error, psycopg.DataError) and not state:
        return InvalidInputError(f"{message}.")
    if state.startswith(UNAVAILABLE) or (isinstance(error, psycopg.OperationalError) and not state):
        return DatabaseUnavailableError("The database went away. Try again in a moment.")
    return DatabaseError(message)
