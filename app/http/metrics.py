"""``/metrics`` for Prometheus. What it says of the jobs is read from the database at that moment."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from ..errors import JobsError
from ..jobs import Jobs

WINDOW = timedelta(days=1)
CONTENT_TYPE = "text/plain; version=0.0.4"  # Prometheus' text format


@get("/metrics")
async def metrics(request: Request[Any, Any, State]) -> Response[bytes]:
    """The process' and HTTP's figures, whatever the database does; the jobs' where it answers."""
    state = request.app.state
    state.access.role(request)
    job_figures = CollectorRegistry()
    job_figures.register(await collected(state.jobs))
    return Response(generate_latest(state.registry) + generate_latest(job_figures), media_type=CONTENT_TYPE)


class Collected:
    """Families that were gathered before, as prometheus_client itself cannot wait."""

    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families


async def collected(jobs: Jobs) -> Collected:
    up = GaugeMetricFamily("barycenter_jobs_database_up", "1 if the database answered.")
    try:
        families = await of_jobs(jobs)
    except JobsError:
        up.add_metric([], 0)
        return Collected([up])
    up.add_metric([], 1)
    return Collected([up, *families])


async def of_jobs(jobs: Jobs) -> list[GaugeMetricFamily]:
    """Raises JobsError."""
    statuses = await jobs.catalogue.statuses()
    figures = await jobs.executions.figures(WINDOW)
    last = await jobs.executions.latest([("any", status.name) for status in statuses])
    now = datetime.now(UTC)
    rows: dict[tuple[str, str], dict[str, float | None]] = {
        ("last_success_timestamp_seconds", "Start of the last run that succeeded, Unix time."): {
            each.name: each.last_success_at.timestamp() if each.last_success_at else None for each in statuses
        },
        ("last_success_age_seconds", "Time since then."): {
            each.name: (now - each.last_success_at).total_seconds() if each.last_success_at else None
            for each in statuses
        },
        ("failures_in_a_row", "Failed runs since the last success."): {
            each.name: each.failures_in_a_row for each in statuses
        },
        ("overdue", "1 if a scheduled start was missed and nothing has run the job since."): {
            each.name: each.overdue for each in statuses
        },
        ("running", "1 if a run has not ended."): {each.name: each.running_since is not None for each in statuses},
        ("last_duration_seconds", "Duration of the last run, once it has ended."): {
            each.job_name: (each.completed_at - each.started_at).total_seconds() if each.completed_at else None
            for each in last
        },
        ("last_records_processed", "Rows that the last run has deleted."): {
            each.job_name: each.records_processed for each in last
        },
        ("day_runs", "Runs that started within the last 24 hours."): {each.name: each.runs for each in figures},
        ("day_failures", "Those that ended without success."): {each.name: each.failures for each in figures},
        ("day_records_processed", "Rows that they have deleted."): {
            each.name: each.records_processed for each in figures
        },
    }
    return [family(name, text, values) for (name, text), values in rows.items()]


def family(name: str, text: str, values: dict[str, float | None]) -> GaugeMetricFamily:
    """A job without a value is left out."""
    gauge = GaugeMetricFamily(f"barycenter_jobs_{name}", text, labels=["job"])
    for job, value in values.items():
        if value is not None:
            gauge.add_metric([job], value)
    return gauge
