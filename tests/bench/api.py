"""``make bench-api``: the admin API beside Strawberry on Litestar and Ariadne, in one run.

All three serve the same two fields from the same resolvers and the same database, each by one process of the same ASGI
server. The load is 16 connections, each of which asks again as soon as it is answered. The rounds take turns, and the
ratios are those of the medians. Figures: requests a second.
"""

import asyncio
import json
import os
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

import psycopg
import uvloop
from alembic import command

from ..api.server import start
from ..cluster import ROOT, until
from ..cluster.packaged import embedded
from ..conftest import SESSIONS, alembic
from ..ports import free_port, is_listening
from .rivals import start_rival

DIRECTORY = ROOT / ".local" / "bench"
CONNECTIONS = 16
SECONDS = 3.0
FIELDS = (
    "id jobName startedAt completedAt success errorMessage recordsProcessed"
    " status errorCode scheduled startedBy client skippedStarts duration cursor"
)
QUERIES = ("{ availableJobs { name schedule } }", f"{{ jobLogs(limit: 50) {{ {FIELDS} }} }}")


class Client(asyncio.Protocol):
    """Asks the same over and over; counts whole answers."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._received = b""
        self.answers: list[bytes] = []
        self.count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or len(body) < content_length(head):
            return
        assert b" 200 " in head.partition(b"\r\n")[0], self._received
        self.answers = [body]
        self._received = b""
        self.count += 1
        self._transport.write(self._request)


def content_length(head: bytes) -> int:
    lower = head.lower()
    at = lower.index(b"content-length:") + len(b"content-length:")
    return int(lower[at:].partition(b"\r\n")[0])


async def load(port: int, query: str) -> tuple[float, object]:
    """Requests a second, and the last answer's data."""
    body = json.dumps({"query": query}).encode()
    head = "POST /admin/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: Client(request), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.5)  # to warm up
    before, begin = sum(client.count for _, client in opened), loop.time()
    await asyncio.sleep(SECONDS)
    rate = (sum(client.count for _, client in opened) - before) / (loop.time() - begin)
    for transport, _ in opened:
        transport.close()
    return rate, json.loads(opened[0][1].answers[0])["data"]


@contextmanager
def servers(url: str) -> Iterator[dict[str, int]]:
    """The ports of the three."""
    ports = {name: free_port() for name in ("barycenter-jobs", "strawberry", "ariadne")}
    processes = [
        start(ports[name], url, stderr=subprocess.DEVNULL)
        if name == "barycenter-jobs"
        else start_rival(name, ports[name], url)
        for name in ports
    ]
    try:
        for port in ports.values():
            until(partial(is_listening, port), seconds=30)
        yield ports
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def main() -> None:
    rounds = int(os.environ.get("ROUNDS", "5"))
    embedded("drop", DIRECTORY)
    url = embedded("start", DIRECTORY).removeprefix("DATABASE_URL=")
    try:
        command.upgrade(alembic(url), "head")
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("UPDATE barycenter_jobs.job SET enabled = false")
            for _ in range(60):
                owner.execute(f"CALL barycenter_jobs.run_job('{SESSIONS}')")
        with servers(url) as ports:
            for query in QUERIES:
                report(query, measured(query, ports, rounds))
    finally:
        embedded("drop", DIRECTORY)


def measured(query: str, ports: dict[str, int], rounds: int) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(rounds):
        answers = []
        for name, port in ports.items():
            rate, answer = uvloop.run(load(port, query))
            rates[name].append(rate)
            answers.append(answer)
        assert answers[0] == answers[1] == answers[2], answers
    return rates


def report(query: str, rates: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(each) for name, each in rates.items()}
    print(query)
    for name, median in medians.items():
        ratio = medians["barycenter-jobs"] / median
        spread = f"{min(rates[name]):.0f} to {max(rates[name]):.0f}"
        print(f"  {name:16}{median:8.0f} ({spread})  barycenter-jobs is {ratio:.2f} times as fast", flush=True)


if __name__ == "__main__":
    main()
