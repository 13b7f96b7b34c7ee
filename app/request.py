"""What a request's resolvers share: who asks, the jobs, and loaders that ask the database once for all of a list."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from aiodataloader import DataLoader

from .errors import UnknownJobError
from .jobs import Jobs
from .jobs.catalogue import JobStatus, Preview
from .jobs.executions import Execution, Figures
from .rate import Rate

Row = TypeVar("Row", JobStatus, Preview, Figures)


class RequestContext:
    """``client`` is what the log will call whoever asks."""

    def __init__(self, jobs: Jobs, triggers: Rate, client: str) -> None:
        self.jobs = jobs
        self.triggers = triggers
        self.client = client
        self._loaders: dict[str, DataLoader[Any, Any]] = {}

    async def latest(self, kind: str, name: str) -> Execution | None:
        """The last execution of that kind: "any", "success" or "running"."""

        async def load(wanted: list[tuple[str, str]]) -> list[Execution | None]:
            found = {(row.kind, row.job_name): row for row in await self.jobs.executions.latest(wanted)}
            return [found.get(each) for each in wanted]

        execution: Execution | None = await self._load("latest", load, (kind, name))
        return execution

    async def status(self, name: str) -> JobStatus:
        async def load(names: list[str]) -> list[JobStatus | UnknownJobError]:
            return in_order(names, await self.jobs.catalogue.statuses())

        status: JobStatus = await self._load("status", load, name)
        return status

    async def preview(self, name: str) -> Preview:
        async def load(names: list[str]) -> list[Preview | UnknownJobError]:
            return in_order(names, await self.jobs.catalogue.previews(names))

        preview: Preview = await self._load("preview", load, name)
        return preview

    async def figures(self, hours: int, name: str) -> Figures:
        async def load(names: list[str]) -> list[Figures | UnknownJobError]:
            return in_order(names, await self.jobs.executions.figures(timedelta(hours=hours)))

        figures: Figures = await self._load(f"figures of {hours} hours", load, name)
        return figures

    def forget(self) -> None:
        """After a change: what was loaded is old."""
        self._loaders.clear()

    async def _load(self, what: str, load: Callable[[list[Any]], Coroutine[Any, Any, list[Any]]], key: Any) -> Any:
        if what not in self._loaders:
            self._loaders[what] = DataLoader(load)
        return await self._loaders[what].load(key)


def in_order(names: list[str], rows: list[Row]) -> list[Row | UnknownJobError]:
    """An error in the place of a job that was taken away since it was listed."""
    by_name = {row.name: row for row in rows}
    return [by_name.get(name) or UnknownJobError(f"Unknown job: {name}") for name in names]
