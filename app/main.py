"""The wiring: which piece is given to which."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State

from .db import Database
from .http import graphql_endpoint
from .jobs import Jobs
from .schema import load_schema
from .settings import Settings


def create_app(settings: Settings) -> Litestar:
    """The ASGI application. It starts whether or not the database is up. Raises SchemaError."""
    database = Database(settings.database_url)

    @asynccontextmanager
    async def connected(_app: Litestar) -> AsyncIterator[None]:
        await database.open()
        try:
            yield
        finally:
            await database.close()

    return Litestar(
        route_handlers=[graphql_endpoint],
        lifespan=[connected],
        state=State({"settings": settings, "schema": load_schema(), "jobs": Jobs(database)}),
        openapi_config=None,
    )
