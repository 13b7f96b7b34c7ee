"""The whole suite on every PostgreSQL and pg_cron that is supported, in containers; and a table of what ran.

``python -m tests.matrix [PYTEST_ARGUMENT ...]``
"""

import os
import subprocess
import sys
from typing import NamedTuple

from .cluster.contained import DEBIAN

# A Debian release, whose PostgreSQL it is, and settings of the server.
CELLS = (
    ("bookworm", ""),  # PostgreSQL 15, pg_cron 1.4.2
    ("trixie", ""),  # 17, 1.6.5
    ("sid", ""),  # 18, 1.6.8
    ("sid", "cron.use_background_workers=on"),
)


class Suite(NamedTuple):
    ran_on: str
    outcome: str
    status: int


def main(arguments: list[str]) -> int:
    suites = [suite(debian, options, arguments) for debian, options in CELLS]
    suites.append(suite(DEBIAN, "", ["tests/containers"]))
    print("\n" + "\n".join(f"{each.ran_on:<50} {each.outcome}" for each in suites))
    return max(each.status for each in suites)


def suite(debian: str, options: str, arguments: list[str]) -> Suite:
    print(f"\n{debian} {options}", flush=True)
    environment = {**os.environ, "TEST_POSTGRESQL": debian, "TEST_POSTGRESQL_OPTIONS": options}
    command = [sys.executable, "-m", "pytest", *arguments]
    ran_on, line = "the images and compose.yaml", ""
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.startswith("ran on "):
                ran_on = line.removeprefix("ran on ").strip()
    return Suite(ran_on, line.strip("= \n"), process.returncode)


sys.exit(main(sys.argv[1:]))
