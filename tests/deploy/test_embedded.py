"""The embedded PostgreSQL: one for each folder, whatever is done to the folder."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ..cluster import ROOT
from ..cluster.packaged import EMBEDDED, embedded


def start(directory: Path) -> str:
    return embedded("start", directory).removeprefix("DATABASE_URL=")


def visits(url: str) -> int:
    """How often this database was visited, this time included."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz); INSERT INTO visits VALUES (now())")
        return len(owner.execute("TABLE visits").fetchall())


def is_running(directory: Path) -> bool:
    return subprocess.run([EMBEDDED, "running", directory], check=False).returncode == 0


@pytest.fixture
def folders() -> Iterator[tuple[Path, Path]]:
    """Two, which need not be there."""
    both = ROOT / ".local" / "test-here", ROOT / ".local" / "test-there"
    for folder in both:
        embedded("drop", folder)
    yield both
    for folder in both:
        embedded("drop", folder)
        shutil.rmtree(folder)


def test_two_first_starts_at_once_make_one_database(folders: tuple[Path, Path]) -> None:
    here, _ = folders
    with ThreadPoolExecutor() as executor:
        first, second = executor.map(start, (here, here))
    assert first == second
    assert visits(first) == 1


def test_a_copy_is_a_database_of_its_own(folders: tuple[Path, Path]) -> None:
    here, there = folders
    assert visits(start(here)) == 1
    embedded("stop", here)
    shutil.rmtree(there)
    subprocess.run(["cp", "-a", here, there], check=True)
    original = start(here)
    assert not is_running(there)
    copy = start(there)
    assert copy != original
    assert (visits(copy), visits(copy), visits(original)) == (2, 3, 2)
    embedded("drop", there)
    assert is_running(here)
    assert visits(original) == 3


def test_a_folder_may_be_moved(folders: tuple[Path, Path]) -> None:
    here, there = folders
    assert visits(start(here)) == 1
    embedded("stop", here)
    shutil.rmtree(there)
    here.rename(there)
    assert visits(start(there)) == 2
    here.mkdir()


def test_variables_that_are_meant_for_another_server_lead_nowhere_else(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGHOSTADDR": "192.0.2.1", "PGSERVICE": "none", "PGOPTIONS": "-c nonsense=1"}.items():
        monkeypatch.setenv(name, value)
    url = start(folders[0])
    for name in list(os.environ):
        if name.startswith("PG"):
            monkeypatch.delenv(name)
    assert visits(url) == 1
