"""Whether the jobs run by themselves."""

from dataclasses import dataclass

from ..db import Database


@dataclass(frozen=True, slots=True)
class Condition:
    """What ``check_health`` found: the migrations' revision, whether pg_cron's launcher is alive, and the jobs whose
    entry in ``cron.job`` is not what the catalogue says; None where pg_cron is in another database."""

    revision: str | None
    launcher_runs: bool
    drifting_jobs: list[str] | None


class Health:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def condition(self) -> Condition:
        """Raises DatabaseUnavailableError, and DatabaseError where there are no migrations."""
        [row] = await self._database.fetch(Condition, "SELECT * FROM barycenter_jobs.check_health()")
        return row
