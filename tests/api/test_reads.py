"""Who asks the same at the same time shares the answer, and no answer is older than the asking."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from barycenter_jobs.db import Database
from barycenter_jobs.errors import JobsError, UnknownJobError
from barycenter_jobs.jobs.catalogue import JobStatus
from barycenter_jobs.request import in_order

from ..cluster import Cluster, Connection
from ..conftest import SESSIONS


@dataclass(frozen=True)
class Row:
    description: str


SLOW = "SELECT description FROM barycenter_jobs.job, pg_sleep(0.4) WHERE name = %(name)s"
BUSY = "SELECT %(n)s::text AS description FROM pg_sleep(0.4)"
COUNTED = "SELECT nextval('asked')::text AS description"


def connected(cluster: Cluster, ask: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        database = Database(cluster.owner)
        await database.open()
        try:
            return await ask(database)
        finally:
            await database.close()

    return asyncio.run(run())


def test_an_answer_is_not_older_than_its_asking(database: Cluster, owner: Connection) -> None:
    async def ask(reads: Database) -> list[str]:
        first = asyncio.create_task(reads.fetch(Row, SLOW, {"name": SESSIONS}))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(owner.execute, "UPDATE job SET description = 'changed' WHERE name = %s", [SESSIONS])
        second = await reads.fetch(Row, SLOW, {"name": SESSIONS})
        return [(await first)[0].description, second[0].description]

    [before] = owner.execute("SELECT description FROM job WHERE name = %s", [SESSIONS]).fetchone() or [""]
    try:
        assert connected(database, ask) == [before, "changed"]
    finally:
        owner.execute("UPDATE job SET description = %s WHERE name = %s", [before, SESSIONS])


def test_who_waits_with_the_same_question_is_answered_at_once(database: Cluster, owner: Connection) -> None:
    async def ask(reads: Database) -> set[str]:
        busy = [asyncio.create_task(reads.fetch(Row, BUSY, {"n": n})) for n in range(4)]
        await asyncio.sleep(0.2)
        answers = await asyncio.gather(*(reads.fetch(Row, COUNTED) for _ in range(50)))
        assert [(await each)[0].description for each in busy] == ["0", "1", "2", "3"]
        return {rows[0].description for rows in answers}

    owner.execute("CREATE SEQUENCE asked")
    try:
        assert connected(database, ask) == {"1"}
    finally:
        owner.execute("DROP SEQUENCE asked")


def test_who_stops_waiting_takes_the_answer_from_nobody(database: Cluster) -> None:
    async def ask(reads: Database) -> str:
        busy = [asyncio.create_task(reads.fetch(Row, BUSY, {"n": n})) for n in range(4)]
        await asyncio.sleep(0.1)
        impatient = asyncio.create_task(reads.fetch(Row, BUSY, {"n": 9}))
        await asyncio.sleep(0.1)
        patient = asyncio.create_task(reads.fetch(Row, BUSY, {"n": 9}))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.gather(*busy)
        return (await patient)[0].description

    assert connected(database, ask) == "9"


def test_an_error_is_everybodys_who_shares(database: Cluster) -> None:
    async def ask(reads: Database) -> list[Any]:
        return await asyncio.gather(*(reads.fetch(Row, "SELECT 1/0") for _ in range(3)), return_exceptions=True)

    errors = connected(database, ask)
    assert [type(error).__mro__[1] for error in errors] == [JobsError] * 3


def test_a_job_that_is_taken_away_since_it_was_listed_is_unknown() -> None:
    [error] = in_order(["gone"], list[JobStatus]())
    assert isinstance(error, UnknownJobError)
    assert f"{error}" == "Unknown job: gone"
