"""What the product can do, and the only room that names SQL objects.

``catalogue``: the jobs and their control. ``executions``: the log. ``runs``: running a job. ``feed``: the log, live.
``health``: whether the jobs run by themselves.
"""

from dataclasses import dataclass
from typing import Self

from ..db import Database
from .catalogue import Catalogue
from .executions import Executions
from .feed import Feed
from .health import Health
from .runs import Runs


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of one database. Every method of its parts may raise JobsError."""

    catalogue: Catalogue
    executions: Executions
    runs: Runs
    feed: Feed
    health: Health

    @classmethod
    def of(cls, database: Database) -> Self:
        executions = Executions(database)
        return cls(Catalogue(database), executions, Runs(database, executions), Feed(executions), Health(database))
