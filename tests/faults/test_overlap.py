"""200 starts of one job at once, from everywhere: one run at a time, and all others are told."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from ..api.server import serving
from ..cluster import Cluster, until
from ..conftest import SESSIONS, Run, as_pg_cron, executions, trigger
from .pgbouncer import pgbouncer
from .world import World

QUERY = {"query": f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success message }} }}'}
# Nobody else is at it: an advisory lock of the transaction is taken, or the run fails.
ALONE = "PERFORM pg_sleep(0.05); IF NOT pg_try_advisory_xact_lock(4711) THEN RAISE EXCEPTION 'two at once'; END IF"


@pytest.fixture(params=["directly", "through PgBouncer"])
def front(request: pytest.FixtureRequest, database: Cluster) -> Iterator[Cluster]:
    if request.param == "directly":
        yield database
    else:
        with pgbouncer(database) as proxied:
            yield proxied


def call(front: Cluster, endpoint: str, n: int) -> str:
    """One start; what it was told."""
    if n % 3 == 0:
        result = httpx.post(endpoint, json=QUERY, timeout=60).json()["data"]["triggerJob"]
        return "ran" if result["success"] else result["message"]
    scheduled = n % 3 == 1
    told: list[str] = []
    login = front.connect(front.owner, application_name="pg_cron") if scheduled else front.connect(front.app)
    with login as connection:
        connection.prepare_threshold = None
        connection.add_notice_handler(lambda notice: told.append(f"{notice.message_primary}"))
        try:
            connection.execute(f"CALL barycenter_jobs.{SESSIONS}()".encode())
        except psycopg.Error as error:
            return f"{error.diag.message_primary}"
    return "ran" if any(SESSIONS in line for line in told) else "skipped"


def test_200_starts_at_once_run_one_at_a_time_and_all_others_are_told(database: Cluster, front: Cluster) -> None:
    world = World(database)
    world.scatter(expired=300, live=30)
    with as_pg_cron(database) as owner:
        with trigger(owner, ALONE), serving(front.app) as endpoint, ThreadPoolExecutor(50) as executor:
            told = Counter(executor.map(lambda n: call(front, endpoint, n), range(200), timeout=60))
        rows = executions(owner)
    assert set(told) == {"ran", "skipped", f"Job {SESSIONS} is already running"}
    assert told["ran"] == len(rows)
    assert told["skipped"] == sum(row.skipped_starts for row in rows)
    assert told.total() == 200
    assert told["skipped"] > 0
    assert told[f"Job {SESSIONS} is already running"] > 0
    assert all(row.success for row in rows)
    # Ids do not tell the order: one may be drawn by a start that then comes after the next one's. ALONE tells overlaps.
    assert len({row.completed_at for row in rows}) == len(rows)
    world.check()
    world.check_that_the_next_run_mends_all()


def test_a_run_through_a_pooler_is_never_lost_while_it_lives_and_always_when_its_process_is_gone(
    database: Cluster,
) -> None:
    world = World(database)
    world.scatter(expired=200, live=30)
    with pgbouncer(database) as proxied, database.connect() as owner:
        with trigger(owner, "PERFORM pg_sleep(0.05)"):
            run = Run(database, url=proxied.app)
            until(lambda: executions(owner))
            while executions(owner)[0].records_processed < 100:
                assert owner.execute("SELECT name FROM job_status WHERE lost").fetchall() == []
            world.terminate(executions(owner)[0].backend_pid)
            assert run.end() is not None
        with proxied.connect(
            proxied.app, prepare_threshold=None
        ) as operator:  # on a connection that is somebody's, too
            assert operator.execute("SELECT name FROM job_status WHERE lost").fetchall() == [(SESSIONS,)]
            operator.execute(f"CALL barycenter_jobs.run_job('{SESSIONS}')")
        assert [row.error_code for row in executions(owner)] == ["JB003", None]
    world.check()
    world.check_that_the_next_run_mends_all()
