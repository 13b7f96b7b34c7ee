"""The suite's PostgreSQL with pg_cron: in a container where a Docker engine answers, else of the machine's packages.

``TEST_POSTGRESQL`` chooses: ``packages``, or the Debian release whose PostgreSQL the container has (``trixie``).
``TEST_POSTGRESQL_OPTIONS`` are settings of that server, such as ``cron.use_background_workers=on``.
"""

import os
import subprocess
from contextlib import AbstractContextManager
from functools import cache

from .base import ROOT, Cluster, Connection, until
from .contained import DEBIAN, Contained
from .packaged import Packaged

__all__ = ["ROOT", "Cluster", "Connection", "choice", "running", "until"]


@cache
def engine_answers() -> bool:
    """Docker's own command is asked: the images are made with it, too."""
    try:
        return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def choice() -> str:
    """``packages``, or a Debian release."""
    return os.environ.get("TEST_POSTGRESQL") or (DEBIAN if engine_answers() else "packages")


def running(name: str, *settings: str) -> AbstractContextManager[Cluster]:
    """The chosen kind of cluster; ``settings`` are the server's, ``name=value``."""
    name += os.environ.get("PYTEST_XDIST_WORKER", "")  # each worker has clusters of its own
    settings = (*os.environ.get("TEST_POSTGRESQL_OPTIONS", "").split(), *settings)
    if choice() == "packages":
        return Packaged.running(name, settings)
    return Contained.running(choice(), settings)
