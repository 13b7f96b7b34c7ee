"""The wiring: which piece is given to which."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from .db import Database
from .documents import Documents
from .http.access import Access
from .http.edge import Edge
from .http.errors import failed, refused
from .http.graphql import graphql
from .http.health import live, ready
from .http.metrics import metrics
from .install import head
from .jobs import Jobs
from .rate import Rate
from .schema import load_schema
from .settings import Settings

TRIGGERS = 120  # a minute


class Application(Edge):
    """The ASGI application. It starts whether or not the database is up. Raises SchemaError."""

    def __init__(self, settings: Settings) -> None:
        self._database = database = Database(settings.database_url)
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self._jobs = Jobs.of(database)

        @asynccontextmanager
        async def connected(_app: Litestar) -> AsyncIterator[None]:
            await database.open()
            # What is there by now stays, so the collector need not look at it again: it made the slowest requests.
            gc.collect()
            gc.freeze()
            try:
                yield
            finally:
                await database.close()

        app = Litestar(
            route_handlers=[graphql, live, ready, metrics],
            lifespan=[connected],
            state=State(
                {
                    "access": Access(settings),
                    "documents": Documents(load_schema(), introspection=settings.introspection),
                    "jobs": self._jobs,
                    "registry": registry,
                    "revision": head(),
                    "triggers": Rate(TRIGGERS),
                }
            ),
            exception_handlers={HTTPException: refused, Exception: failed},
            openapi_config=None,
            logging_config=None,
        )
        super().__init__(app, registry, {route.path for route in app.routes})

    def stop(self) -> None:
        """No more waiting: streams end, and who waits for a run is answered that it is still running."""
        self._jobs.feed.close()
        self._jobs.runs.stop_waiting()

    def let_runs_go(self) -> None:
        """Hangs up on the runs that are going on; the database finishes them."""
        self._database.let_go()
