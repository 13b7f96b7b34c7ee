"""The admin API as operators run it: a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from ..cluster import ROOT, until
from ..ports import free_port, is_listening

LOG = ROOT / ".local" / f"server{os.environ.get('PYTEST_XDIST_WORKER', '')}.log"  # of the one that was started last


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


@contextmanager
def serving(database_url: str, **environment: str) -> Iterator[str]:
    """Serves, and gives the endpoint's URL. SIGTERM ends it, and not by force."""
    port = free_port()
    LOG.parent.mkdir(exist_ok=True)  # where the suite's PostgreSQL is in a container, nobody else makes it
    with LOG.open("w") as log, start(port, database_url, stderr=log, **environment) as process:
        try:
            until(lambda: is_listening(port) or process.poll() is not None)
            yield f"http://127.0.0.1:{port}/admin/jobs"
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert process.returncode == -signal.SIGTERM  # which uvicorn raises again when it has cleaned up
