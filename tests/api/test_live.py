"""The subscription: start, progress and end of every run, whoever started it."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from barycenter_jobs.db import Database
from barycenter_jobs.errors import RateLimitedError
from barycenter_jobs.jobs import feed
from barycenter_jobs.jobs.executions import Execution, Executions
from barycenter_jobs.jobs.feed import Feed

from ..cluster import Cluster, Connection, until
from ..conftest import CHALLENGES, MANY, SESSIONS, Run, add_many_batches, executions, trigger
from .server import serving

FIELDS = "id jobName status success recordsProcessed startedAt completedAt"


class Reader(threading.Thread):
    """Reads the events of a subscription."""

    def __init__(self, endpoint: str, arguments: str = "", timeout: float = 30) -> None:
        super().__init__(daemon=True)
        self._endpoint = endpoint
        self._query = {"query": f"subscription {{ jobExecutions{arguments} {{ {FIELDS} }} }}"}
        self._timeout = timeout
        self.opened = threading.Event()
        self.events: list[tuple[float, dict[str, Any]]] = []
        self.lines: list[str] = []
        self.start()
        assert self.opened.wait(10)
        time.sleep(0.7)  # the first look at the log is over

    def run(self) -> None:
        headers = {"Accept": "text/event-stream"}
        with (
            suppress(httpx.ReadTimeout, httpx.RemoteProtocolError),
            httpx.stream("POST", self._endpoint, json=self._query, headers=headers, timeout=self._timeout) as response,
        ):
            assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            self._socket = response.extensions["network_stream"].get_extra_info("socket")
            self.opened.set()
            for line in response.iter_lines():
                self.lines.append(line)
                if line.startswith("data: "):
                    answer = json.loads(line.removeprefix("data: "))
                    self.events.append((time.time(), answer["data"]["jobExecutions"]))

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.join(timeout=10)
        assert not self.is_alive()

    def of(self, execution_id: int) -> list[dict[str, Any]]:
        return [event for _, event in self.events if event["id"] == f"{execution_id}"]

    def ended(self) -> list[dict[str, Any]]:
        return [event for _, event in self.events if event["completedAt"]]


Read = Callable[..., Reader]


@pytest.fixture
def read(endpoint: str) -> Iterator[Read]:
    """Makes readers, which hang up in the end."""
    readers: list[Reader] = []

    def read(*arguments: Any, **options: Any) -> Reader:
        readers.append(Reader(endpoint, *arguments, **options))
        return readers[-1]

    yield read
    for reader in readers:
        reader.close()


@contextmanager
def slow_batches(owner: Connection) -> Iterator[None]:
    add_many_batches(owner)
    with trigger(owner, "PERFORM pg_sleep(0.6)"):
        yield


def test_a_run_is_told_from_start_to_end_within_a_second(
    database: Cluster, owner: Connection, read: Callable[..., Reader]
) -> None:
    reader = read()
    with slow_batches(owner):
        assert Run(database).end() is None
    [row] = executions(owner)
    until(reader.ended)
    events = reader.of(row.id)
    assert [event["status"] for event in events] == ["RUNNING"] * (len(events) - 1) + ["SUCCEEDED"]
    counts = [event["recordsProcessed"] for event in events]
    assert counts == sorted(counts)
    assert len(set(counts)) > 3
    assert counts[-1] == MANY
    assert reader.events[0][0] - row.started_at.timestamp() < 1
    assert reader.events[-1][0] - row.completed_at.timestamp() < 1


def test_a_run_that_is_over_at_once_has_a_start_and_an_end(owner: Connection, read: Read) -> None:
    reader = read()
    for _ in range(20):
        owner.execute(f"CALL run_job('{SESSIONS}')")
    until(lambda: len(reader.ended()) == 20)
    for row in executions(owner):
        assert [event["status"] for event in reader.of(row.id)] == ["RUNNING", "SUCCEEDED"]


def test_a_long_runs_end_is_told_however_many_started_since(database: Cluster, owner: Connection, read: Read) -> None:
    reader = read()
    with slow_batches(owner):
        run = Run(database)
        until(lambda: reader.events)
        owner.execute("SELECT setval(pg_get_serial_sequence('job_execution', 'id'), max(id) + 500) FROM job_execution")
        owner.execute(f"CALL run_job('{CHALLENGES}')")
        until(reader.ended)
        assert run.end() is None
    [row] = executions(owner)
    until(lambda: reader.of(row.id)[-1]["status"] == "SUCCEEDED")


def test_only_the_job_that_was_asked_for_is_told(owner: Connection, read: Read) -> None:
    reader = read(f'(jobName: "{CHALLENGES}")')
    for job in (SESSIONS, CHALLENGES, SESSIONS):
        owner.execute(f"CALL run_job('{job}')")
    until(reader.ended)
    time.sleep(1)
    assert {event["jobName"] for _, event in reader.events} == {CHALLENGES}


def test_who_comes_late_is_told_what_runs(database: Cluster, owner: Connection, read: Read) -> None:
    with slow_batches(owner):
        run = Run(database)
        until(lambda: executions(owner))
        reader = read()
        assert [event["status"] for _, event in reader.events][:1] == ["RUNNING"]
        assert run.end() is None
    until(reader.ended)


def test_no_end_is_lost_when_the_database_is_restarted(
    database: Cluster, owner: Connection, read: Callable[..., Reader]
) -> None:
    reader = read(timeout=60)
    with slow_batches(owner):
        Run(database)
        until(lambda: any(event["recordsProcessed"] > 0 for _, event in reader.events))
        database.stop()
        database.start()
        database.wait()
    with database.connect() as again:
        again.execute(f"CALL run_job('{CHALLENGES}')")  # which closes the lost one, and may well be over at once
        lost, last = executions(again)[0], executions(again, CHALLENGES)[0]
    until(lambda: len(reader.ended()) >= 2, seconds=40)
    assert [event["status"] for event in reader.of(lost.id)][-1] == "LOST"
    assert [event["status"] for event in reader.of(last.id)] == ["RUNNING", "SUCCEEDED"]


def test_readers_that_are_gone_cost_nothing(database: Cluster, read: Read) -> None:
    gone = [read(timeout=1.5) for _ in range(3)]
    for reader in gone:
        reader.join(timeout=10)  # it hears nothing, and hangs up
        assert not reader.is_alive()
    time.sleep(1.5)
    looks = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s AND query_start > now() - interval '1 second'"
    with database.connect(database.superuser) as superuser:
        assert superuser.execute(looks, ["%FROM public.job_execution%id > %"]).fetchone() == (0,)


def test_a_server_that_is_stopped_ends_its_streams(migrated: Cluster, database: Cluster) -> None:
    with serving(migrated.app) as endpoint:
        reader = Reader(endpoint)
        began = time.monotonic()
    assert time.monotonic() - began < 4
    reader.join(timeout=5)
    assert reader.lines[-3:] == ["event: complete", "data:", ""]


def test_a_subscription_needs_a_stream(endpoint: str) -> None:
    query = {"query": "subscription { jobExecutions { id } }"}
    response = httpx.post(endpoint, json=query)
    assert response.status_code == 406
    assert "text/event-stream" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "query",
    ["subscription { jobExecutions { nope } }", "subscription { a: jobExecutions { id } b: jobExecutions { id } }"],
)
def test_a_subscription_that_does_not_fit_is_one_event(endpoint: str, query: str) -> None:
    response = httpx.post(endpoint, json={"query": query}, headers={"Accept": "text/event-stream"})
    next_, _, complete = response.text.partition("\n\n")
    assert next_.startswith('event: next\ndata: {"errors"')
    assert complete == "event: complete\ndata:\n\n"


def test_subscriptions_are_limited(database: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_READERS", 1)

    async def read_twice() -> None:
        connections = Database(database.app)
        await connections.open()
        try:
            changes = Feed(Executions(connections))
            first = asyncio.create_task(anext(changes.changes()))
            await asyncio.sleep(0.5)
            with pytest.raises(RateLimitedError, match="1 subscriptions are open"):
                await anext(changes.changes())
            first.cancel()
            await asyncio.sleep(0.1)
            second = asyncio.create_task(anext(changes.changes()))
            await asyncio.sleep(0.5)
            assert not second.done()
            second.cancel()
        finally:
            await connections.close()

    asyncio.run(read_twice())


def test_a_slow_readers_events_are_bounded_and_its_ends_complete() -> None:
    run = Execution(
        1, SESSIONS, datetime.now(UTC), None, None, None, 0, None, False, "barycenter", "psql", 0, 0.0, None, "RUNNING"
    )
    reader = feed.Reader()
    for number in range(100):
        execution = replace(run, id=number)
        reader.put("start", execution)
        for records in range(100):
            reader.put("progress", replace(execution, records_processed=records))
        reader.put("end", replace(execution, status="SUCCEEDED"))

    async def read() -> list[Execution]:
        reader.close()
        return [execution async for execution in reader.read()]

    found = asyncio.run(read())
    assert [(each.id, each.status, each.records_processed) for each in found[:3]] == [
        (0, "RUNNING", 0),
        (0, "RUNNING", 99),
        (0, "SUCCEEDED", 0),
    ]
    assert len(found) == 300
    assert [each.id for each in found if each.status == "SUCCEEDED"] == list(range(100))
    for number in range(10_000):
        reader.put("start", replace(run, id=number))
    assert len(asyncio.run(read())) == feed.MAX_PENDING  # and then it is hung up on
