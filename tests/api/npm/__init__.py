"""npm's packages, installed by ``make .venv/npm`` as ``package-lock.json`` has them."""

import subprocess
from pathlib import Path

from ...cluster import ROOT


def node(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Runs one of the scripts beside this file."""
    return subprocess.Popen(
        [ROOT / ".venv" / "bin" / "node", Path(__file__).with_name(script), *arguments],
        text=True,
        stdout=subprocess.PIPE,
    )
