"""The server's clock jumps, for real: libfaketime stands between PostgreSQL and the system's."""

from collections.abc import Callable, Iterator

import pytest

from ..cluster import Cluster, until
from ..conftest import Run, executions, trigger
from .world import World

# A batch takes a few milliseconds; one that meets a row in this table, until that is gone. A sleep would go by the
# false clock.
HOLD = """
    PERFORM count(*) FROM pg_catalog.generate_series(1, 20000);
    WHILE EXISTS (SELECT FROM public.hold) LOOP
        PERFORM count(*) FROM pg_catalog.generate_series(1, 20000);
    END LOOP
"""


@pytest.fixture
def clock(database: Cluster) -> Iterator[Callable[[str], None]]:
    """Puts PostgreSQL's clock wrong, from its next reading on."""
    with database.with_a_false_clock():
        yield database.set_clock


@pytest.mark.parametrize("jump", ["-1h", "+1h", "-100d"])
def test_a_clock_that_jumps_deletes_no_live_row_and_every_run_ends_after_its_start(
    database: Cluster, clock: Callable[[str], None], jump: str
) -> None:
    world = World(database)
    world.add(30, 3 * 3600)
    world.add(500, -7200)
    with database.connect() as owner:
        with trigger(owner, HOLD):
            owner.execute("CREATE TABLE hold ()")
            try:
                run = Run(database)
                until(lambda: executions(owner) and executions(owner)[0].records_processed)
                owner.execute("INSERT INTO hold DEFAULT VALUES")
                [before] = owner.execute("SELECT now()").fetchall()
                clock(jump)
                [after] = owner.execute("SELECT now()").fetchall()
                assert abs((after[0] - before[0]).total_seconds()) > 3500
                assert run.is_alive(), run.error
                assert owner.execute("SELECT name FROM job_status WHERE lost").fetchall() == []
            finally:
                owner.execute("DELETE FROM hold")
            assert run.end() is None
        owner.execute("DROP TABLE hold")
        [row] = executions(owner)
        assert row.success
        assert row.completed_at >= row.started_at
        world.psql()  # a later one, at what seems an earlier time
        clock("+0")
        world.check_that_the_next_run_mends_all()
        assert [row.success for row in executions(owner)] == [True, True, True]
