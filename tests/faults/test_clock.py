"""The server's clock jumps, for real: libfaketime stands between PostgreSQL and the system's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import DIRECTORY, SESSIONS, Cluster, Run, embedded, executions, until
from .world import World

[LIBFAKETIME] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")


@pytest.fixture
def clock(database: Cluster) -> Iterator[Path]:
    """A file; what is written there is how far PostgreSQL's clock is off, from the next reading on."""
    base = (DIRECTORY / "postgresql").resolve()
    clock = base / "clock"
    clock.write_text("+0")
    [environment] = base.glob("etc/*/jobs/environment")
    before = environment.read_text()
    embedded("stop")
    environment.write_text(
        f"{before}LD_PRELOAD = '{LIBFAKETIME}'\nFAKETIME_TIMESTAMP_FILE = '{clock}'\nFAKETIME_NO_CACHE = '1'\n"
        "FAKETIME_DONT_FAKE_MONOTONIC = '1'\n"
    )
    embedded("start")
    try:
        yield clock
    finally:
        embedded("stop")
        environment.write_text(before)
        embedded("start")


@pytest.mark.parametrize("jump", ["-1h", "+1h", "-100d"])
def test_a_clock_that_jumps_deletes_no_live_row_and_every_run_ends_after_its_start(
    database: Cluster, clock: Path, jump: str
) -> None:
    world = World(database)
    world.add(30, 3 * 3600)
    world.add(3000, -7200)
    with database.connect() as owner:
        owner.execute("UPDATE job SET batch_size = 1 WHERE name = %s", [SESSIONS])
        run = Run(database)
        until(lambda: executions(owner) and executions(owner)[0].records_processed)
        [before] = owner.execute("SELECT now()").fetchall()
        clock.write_text(jump)
        [after] = owner.execute("SELECT now()").fetchall()
        assert abs((after[0] - before[0]).total_seconds()) > 3500
        assert run.is_alive()
        assert owner.execute("SELECT name FROM job_status WHERE lost").fetchall() == []
        assert run.end() is None
        [row] = executions(owner)
        assert row.success
        assert row.completed_at >= row.started_at
        world.psql()  # a later one, at what seems an earlier time
        clock.write_text("+0")
        world.check_that_the_next_run_mends_all()
        assert [row.success for row in executions(owner)] == [True, True, True]
