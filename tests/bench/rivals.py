"""The same two fields by Strawberry on Litestar and by Ariadne, as their documentation has it, for ``make bench-api``.

``python -m tests.bench.rivals NAME PORT`` serves one of them, from the resolvers' own functions.
"""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import strawberry
import uvicorn
from ariadne import ObjectType, QueryType, ScalarType, make_executable_schema
from ariadne.asgi import GraphQL
from litestar import Litestar
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.litestar import make_graphql_controller
from strawberry.schema.config import StrawberryConfig

from barycenter_jobs import resolvers
from barycenter_jobs.db import Database
from barycenter_jobs.jobs import Jobs
from barycenter_jobs.schema import SDL

from ..cluster import ROOT

PATH = "/admin/jobs"
database = Database(os.environ.get("DATABASE_URL", ""))
jobs = Jobs.of(database)


async def available_jobs() -> list[Any]:
    return await jobs.catalogue.jobs()


async def job_logs(limit: int = 100) -> list[Any]:
    return await jobs.executions.page(limit=limit)


@strawberry.type
class Job:
    name: str

    @strawberry.field
    def schedule(self) -> str:
        return resolvers.six_fields(self.schedule)  # type: ignore[arg-type]


@strawberry.type
class JobExecution:
    id: strawberry.ID
    job_name: str
    started_at: datetime
    completed_at: datetime | None
    success: bool | None
    error_message: str | None
    records_processed: int
    status: str
    error_code: str | None
    scheduled: bool
    started_by: str
    client: str
    skipped_starts: int

    @strawberry.field
    def duration(self) -> float | None:
        return resolvers.duration(self, None)  # type: ignore[arg-type]

    @strawberry.field
    def cursor(self) -> str:
        return resolvers.cursor(self, None)  # type: ignore[arg-type]


@strawberry.type
class Query:
    available_jobs: list[Job] = strawberry.field(resolver=available_jobs)
    job_logs: list[JobExecution] = strawberry.field(resolver=job_logs)


def strawberry_app() -> Any:
    time = strawberry.scalar(name="DateTime", serialize=resolvers.date_time)
    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map={datetime: time}))
    return Litestar([make_graphql_controller(schema, path=PATH)], lifespan=[connected], openapi_config=None)


def ariadne_app() -> Any:
    query, job, execution = QueryType(), ObjectType("Job"), ObjectType("JobExecution")
    query.set_field("availableJobs", lambda *_: available_jobs())
    query.set_field("jobLogs", lambda *_, limit, **__: job_logs(limit))
    job.set_field("schedule", resolvers.schedule)
    execution.set_field("duration", resolvers.duration)
    execution.set_field("cursor", resolvers.cursor)
    time = ScalarType("DateTime", serializer=resolvers.date_time)
    schema = make_executable_schema(SDL.read_text(), query, job, execution, time, convert_names_case=True)
    return Starlette(routes=[Route(PATH, GraphQL(schema).handle_request, methods=["POST"])], lifespan=connected)


@asynccontextmanager
async def connected(_app: Any) -> AsyncIterator[None]:
    await database.open()
    yield
    await database.close()


RIVALS: dict[str, Callable[[], Any]] = {"strawberry": strawberry_app, "ariadne": ariadne_app}


def start_rival(name: str, port: int, database_url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.rivals", name, f"{port}"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        text=True,
    )


if __name__ == "__main__":
    name, port = sys.argv[1:]
    uvicorn.run(RIVALS[name](), port=int(port), access_log=False, log_level="warning")
