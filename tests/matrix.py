"""The whole suite on every PostgreSQL and pg_cron that is supported, in containers; and a table of what ran.

``python -m tests.matrix [PYTEST_ARGUMENT ...]``
"""

import os
import re
import subprocess
import sys

# A Debian release, whose PostgreSQL it is, and settings of the server.
CELLS = (
    ("bookworm", ""),  # PostgreSQL 15, pg_cron 1.4.2
    ("trixie", ""),  # 17, 1.6.5
    ("sid", ""),  # 18, 1.6.8
    ("sid", "cron.use_background_workers=on"),
)


def main(arguments: list[str]) -> int:
    failed = False
    table = []
    for debian, options in CELLS:
        print(f"\n{debian} {options}", flush=True)
        environment = {**os.environ, "TEST_POSTGRESQL": debian, "TEST_POSTGRESQL_OPTIONS": options}
        command = [sys.executable, "-m", "pytest", *arguments]
        lines = []
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as suite:
            assert suite.stdout is not None
            for line in suite.stdout:
                print(line, end="", flush=True)
                lines.append(line)
        failed |= suite.returncode != 0
        [ran_on] = [line.removeprefix("ran on ").strip() for line in lines if line.startswith("ran on ")] or [debian]
        table.append((ran_on, re.sub("[= ]*(.*?)[= ]*\n", r"\1", lines[-1])))
    print("\n" + "\n".join(f"{ran_on:<50} {outcome}" for ran_on, outcome in table))
    return int(failed)


sys.exit(main(sys.argv[1:]))
