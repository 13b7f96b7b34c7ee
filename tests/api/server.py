"""The admin API as operators run it: a process of its own."""

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from ..conftest import ROOT, until

LOG = ROOT / ".local" / "server.log"  # of the one that was started last


def free_port() -> int:
    """One below those that the system gives to clients: none of them takes it before the server does."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def start(
    port: int, database_url: str, *, stderr: int | IO[str] = subprocess.PIPE, **environment: str
) -> subprocess.Popen[str]:
    """``stderr``: where the log goes. A pipe that nobody reads holds 64 KiB, and then the server."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JOBS_")}
    return subprocess.Popen(
        [sys.executable, "-m", "barycenter_jobs", "serve"],
        cwd=ROOT,
        env={**inherited, "DATABASE_URL": database_url, "JOBS_PORT": f"{port}", **environment},
        text=True,
        stderr=stderr,
    )


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serving(database_url: str, **environment: str) -> Iterator[str]:
    """Serves, and gives the endpoint's URL. SIGTERM ends it, and not by force."""
    port = free_port()
    with LOG.open("w") as log, start(port, database_url, stderr=log, **environment) as process:
        try:
            until(lambda: is_listening(port) or process.poll() is not None)
            yield f"http://127.0.0.1:{port}/admin/jobs"
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert process.returncode == -signal.SIGTERM  # which uvicorn raises again when it has cleaned up
