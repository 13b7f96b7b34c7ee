"""``/health/live`` and ``/health/ready``: for whoever decides whether to restart, or to send requests here."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State

from ..errors import DatabaseUnavailableError, JobsError
from ..jobs.health import Condition


@get("/health/live")
async def live() -> dict[str, str]:
    """This process answers. It says nothing of the database: a restart would not bring that back."""
    return {"status": "ok"}


@get("/health/ready")
async def ready(request: Request[Any, Any, State]) -> Response[dict[str, Any]]:
    """Whether jobs run and can be asked for; of each check "ok", or what is wrong and what to do."""
    try:
        checks = findings(await request.app.state.jobs.health.condition(), request.app.state.revision)
    except DatabaseUnavailableError as error:
        checks = {"database": f"{error}"}
    except JobsError as error:
        checks = {"database": "ok", "migrations": f"{error}"}
    is_ready = all(finding == "ok" for finding in checks.values())
    return Response(
        {"status": "ok" if is_ready else "unavailable", "checks": checks}, status_code=200 if is_ready else 503
    )


def findings(condition: Condition, head: str) -> dict[str, str]:
    checks = dict.fromkeys(("database", "migrations", "pg_cron", "schedules"), "ok")
    if condition.revision != head:
        checks["migrations"] = f"The database is at {condition.revision}, and not {head}. Run: alembic upgrade head"
    if not condition.launcher_runs:
        checks["pg_cron"] = "pg_cron's launcher does not run, so nothing starts by itself. Restart PostgreSQL."
    if condition.drifting_jobs is None:
        del checks["schedules"]  # nobody can tell from here; a job that is not started is overdue
    elif condition.drifting_jobs:
        jobs = ", ".join(condition.drifting_jobs)
        checks["schedules"] = f"cron.job does not agree with job about {jobs}. Run: alembic upgrade head"
    return checks
