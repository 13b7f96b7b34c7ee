"""Copies into ``migrations/frozen/<revision>/`` what has changed in ``sql/`` since the revision before it.

``python -m barycenter_jobs.install.freeze 0002``. Prints the copies; calling it again brings them up to date.
"""

import shutil
import sys
from pathlib import Path

from .objects import FROZEN, SQL, files, predecessor


def freeze(revision: str) -> list[Path]:
    """Makes the frozen copies of ``revision`` anew and returns their paths, relative to ``sql/``."""
    shutil.rmtree(FROZEN / revision, ignore_errors=True)
    changed = [file for file in files(SQL) if differs(file, predecessor(file, revision))]
    for file in changed:
        (FROZEN / revision / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SQL / file, FROZEN / revision / file)
    return changed


def differs(file: Path, frozen: Path | None) -> bool:
    return frozen is None or (SQL / file).read_bytes() != frozen.read_bytes()


if __name__ == "__main__":
    for file in freeze(sys.argv[1]):
        print(file)
