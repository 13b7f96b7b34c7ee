"""What answers each field of ``schema.graphql``: arguments in, plain values out."""

import base64
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from .errors import InvalidInputError, RefusedError
from .jobs.catalogue import Job, Preview
from .jobs.executions import Execution, Figures
from .request import RequestContext

MAX_LIMIT = 1000
MAX_HOURS = 366 * 24
MAX_ID = 2**63 - 1  # PostgreSQL's bigint
MAX_COUNT = 2**53 - 1  # what a JSON number holds everywhere (RFC 8259, 6)

Info = GraphQLResolveInfo[RequestContext]


@dataclass(frozen=True, slots=True)
class TriggerResult:
    success: bool
    message: str
    job_name: str
    execution_id: int | None = None
    records_processed: int | None = None
    execution: Execution | None = None


@dataclass(frozen=True, slots=True)
class Result:
    success: bool
    message: str
    job: Job | None


async def available_jobs(_root: None, info: Info) -> list[Job]:
    return await info.context.jobs.catalogue.jobs()


async def job(_root: None, info: Info, *, name: str) -> Job | None:
    return await info.context.jobs.catalogue.job(name)


async def job_logs(
    _root: None,
    info: Info,
    *,
    job_name: str | None = None,
    limit: int | None = None,
    only_failures: bool | None = None,
    status: str | None = None,
    started_from: datetime | None = None,
    started_before: datetime | None = None,
    after: str | None = None,
) -> list[Execution]:
    return await info.context.jobs.executions.page(
        job_name=job_name,
        only_failures=bool(only_failures),
        status=status,
        started_from=started_from,
        started_before=started_before,
        after=None if after is None else position(after),
        limit=in_range("limit", limit, default=100, maximum=MAX_LIMIT),
    )


async def job_execution(_root: None, info: Info, *, id: str) -> Execution | None:  # noqa: A002, the schema's name
    if not id.isascii() or not id.isdigit():
        raise InvalidInputError(f"id is {id!r}: give the number that jobLogs has for it.")
    return await info.context.jobs.executions.by_id(int(id)) if len(id) < 20 and int(id) <= MAX_ID else None


async def trigger_job(_root: None, info: Info, *, job_name: str, wait: bool | None = None) -> TriggerResult:
    context = info.context
    context.triggers.count()
    try:
        execution = await context.jobs.runs.run(job_name, client=context.client, wait=wait is not False)
    except RefusedError as error:
        return TriggerResult(success=False, message=f"{error}", job_name=job_name)
    finally:
        context.forget()
    return TriggerResult(
        success=execution.success is not False,
        message=outcome(execution),
        job_name=job_name,
        execution_id=execution.id,
        records_processed=execution.records_processed,
        execution=execution,
    )


def outcome(execution: Execution) -> str:
    if execution.success is None:
        return f"Job {execution.job_name} is still running"
    if execution.success:
        return f"Job {execution.job_name} triggered successfully"
    return f"Job {execution.job_name} failed: {execution.error_message}"


async def cancel_job(_root: None, info: Info, *, job_name: str) -> Result:
    cancel = info.context.jobs.catalogue.cancel(job_name, client=info.context.client)
    return await changed(info, job_name, cancel, "is cancelled")


async def pause_job(
    _root: None, info: Info, *, job_name: str, reason: str | None = None, until: datetime | None = None
) -> Result:
    pause = info.context.jobs.catalogue.pause(job_name, reason, until, client=info.context.client)
    return await changed(info, job_name, pause, "is paused")


async def resume_job(_root: None, info: Info, *, job_name: str) -> Result:
    resume = info.context.jobs.catalogue.resume(job_name, client=info.context.client)
    return await changed(info, job_name, resume, "is scheduled again")


async def reschedule_job(_root: None, info: Info, *, job_name: str, schedule: str) -> Result:
    text = schedule.removeprefix("0 ") if len(schedule.split()) == 6 else schedule
    reschedule = info.context.jobs.catalogue.reschedule(job_name, text, client=info.context.client)
    return await changed(info, job_name, reschedule, f"runs at {six_fields(text)} from now on")


async def configure_job(
    _root: None, info: Info, *, job_name: str, retention: int | None = None, history_retention: int | None = None
) -> Result:
    configure = info.context.jobs.catalogue.configure(
        job_name, retention, history_retention, client=info.context.client
    )
    return await changed(info, job_name, configure, "has its new settings")


async def changed(info: Info, job_name: str, change: Coroutine[Any, Any, None], done: str) -> Result:
    try:
        await change
    except RefusedError as error:
        return Result(False, f"{error}", await info.context.jobs.catalogue.job(job_name))
    finally:
        info.context.forget()
    return Result(True, f"Job {job_name} {done}", await info.context.jobs.catalogue.job(job_name))


async def job_executions(_root: None, info: Info, *, job_name: str | None = None) -> AsyncGenerator[Execution, None]:
    changes = info.context.jobs.feed.changes()
    try:
        async for execution in changes:
            if job_name in (None, execution.job_name):
                yield execution
    finally:
        await changes.aclose()


def schedule(job: Job, _info: Info) -> str:
    return six_fields(job.schedule)


async def next_run_at(job: Job, info: Info) -> datetime | None:
    return (await info.context.status(job.name)).next_run_at


async def overdue(job: Job, info: Info) -> bool:
    return (await info.context.status(job.name)).overdue


async def failures_in_a_row(job: Job, info: Info) -> int:
    return (await info.context.status(job.name)).failures_in_a_row


async def last_execution(job: Job, info: Info) -> Execution | None:
    return await info.context.latest("any", job.name)


async def last_success(job: Job, info: Info) -> Execution | None:
    return await info.context.latest("success", job.name)


async def running_execution(job: Job, info: Info) -> Execution | None:
    return await info.context.latest("running", job.name)


async def preview(job: Job, info: Info) -> Preview:
    return await info.context.preview(job.name)


async def stats(job: Job, info: Info, *, hours: int | None = None) -> Figures:
    return await info.context.figures(in_range("hours", hours, default=24, maximum=MAX_HOURS), job.name)


def duration(execution: Execution, _info: Info) -> float | None:
    return (execution.completed_at - execution.started_at).total_seconds() if execution.completed_at else None


def cursor(execution: Execution, _info: Info) -> str:
    return base64.urlsafe_b64encode(f"{execution.started_at.timestamp():.6f} {execution.id}".encode()).decode()


def position(cursor: str) -> tuple[datetime, int]:
    """What ``cursor`` stands for. Raises InvalidInputError."""
    try:
        seconds, id_ = base64.urlsafe_b64decode(cursor.encode()).decode().split()
        whole, _, microseconds = seconds.partition(".")
        return datetime.fromtimestamp(int(whole), UTC).replace(microsecond=int(microseconds)), int(id_)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidInputError(f"after is {cursor!r}: give the cursor of a row of jobLogs.") from error


def in_range(name: str, value: int | None, *, default: int, maximum: int) -> int:
    if value is None:  # an explicit null passes by the schema's default
        return default
    if not 1 <= value <= maximum:
        raise InvalidInputError(f"{name} is {value}: give a number from 1 to {maximum}.")
    return value


def six_fields(schedule: str) -> str:
    """The documented text: Barycenter's cron counts seconds, PostgreSQL's does not; but it knows "30 seconds"."""
    return schedule if schedule.endswith(("second", "seconds")) else f"0 {schedule}"


def date_time(value: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond, ending in Z."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_date_time(value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError(f"{value!r} is no time: give it as 2026-01-31T12:00:00Z.") from error
    if time.tzinfo is None:
        raise GraphQLError(f"{value!r} has no time zone: end it with Z for UTC.")
    return time


def count(value: int) -> int:
    return min(value, MAX_COUNT)


FIELDS: Mapping[str, Callable[..., Any]] = {
    "Query.availableJobs": available_jobs,
    "Query.job": job,
    "Query.jobLogs": job_logs,
    "Query.jobExecution": job_execution,
    "Mutation.triggerJob": trigger_job,
    "Mutation.cancelJob": cancel_job,
    "Mutation.pauseJob": pause_job,
    "Mutation.resumeJob": resume_job,
    "Mutation.rescheduleJob": reschedule_job,
    "Mutation.configureJob": configure_job,
    "Subscription.jobExecutions": job_executions,
    "Job.schedule": schedule,
    "Job.nextRunAt": next_run_at,
    "Job.overdue": overdue,
    "Job.failuresInARow": failures_in_a_row,
    "Job.lastExecution": last_execution,
    "Job.lastSuccess": last_success,
    "Job.runningExecution": running_execution,
    "Job.preview": preview,
    "Job.stats": stats,
    "JobExecution.duration": duration,
    "JobExecution.cursor": cursor,
}

# How a scalar's values go out, and how they come in.
SCALARS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "DateTime": (date_time, parse_date_time),
    "Count": (count, int),
}
