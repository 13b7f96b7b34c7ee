"""What answers each field of ``schema.graphql``: arguments in, plain values out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLResolveInfo

from .errors import AlreadyRunningError, InvalidInputError, UnknownJobError
from .jobs import Execution, Job, Jobs

MAX_LIMIT = 1000

Info = GraphQLResolveInfo[Jobs]  # what the context of a request is


@dataclass(frozen=True, slots=True)
class TriggerResult:
    success: bool
    message: str
    job_name: str
    execution_id: int | None = None
    records_processed: int | None = None


async def available_jobs(_root: None, info: Info) -> list[Job]:
    return await info.context.catalogue()


async def job_logs(
    _root: None,
    info: Info,
    *,
    job_name: str | None = None,
    limit: int | None = None,
    only_failures: bool | None = None,
) -> list[Execution]:
    limit = 100 if limit is None else limit  # an explicit null passes by the schema's default
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"limit is {limit}: give a number from 1 to {MAX_LIMIT}.")
    return await info.context.executions(job_name=job_name, only_failures=bool(only_failures), limit=limit)


async def trigger_job(_root: None, info: Info, *, job_name: str) -> TriggerResult:
    try:
        execution = await info.context.run(job_name)
    except (UnknownJobError, AlreadyRunningError) as error:
        return TriggerResult(success=False, message=f"{error}", job_name=job_name)
    return TriggerResult(
        success=execution.success is True,
        message=f"Job {job_name} triggered successfully"
        if execution.success
        else f"Job {job_name} failed: {execution.error_message}",
        job_name=job_name,
        execution_id=execution.id,
        records_processed=execution.records_processed,
    )


def schedule(job: Job, _info: Info) -> str:
    """The documented six-field text: Barycenter's cron counts seconds, PostgreSQL's does not."""
    return f"0 {job.schedule}"


def date_time(value: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond, ending in Z."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


FIELDS: Mapping[str, Callable[..., Any]] = {
    "Query.availableJobs": available_jobs,
    "Query.jobLogs": job_logs,
    "Mutation.triggerJob": trigger_job,
    "Job.schedule": schedule,
}

SCALARS: Mapping[str, Callable[[Any], Any]] = {"DateTime": date_time}
