"""A random walk: runs, faults and controls in any order; what has to be true is checked after every step.

``python -m tests.faults.walk 300`` walks until that many runs have come to harm, and prints the tally.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ..api.server import serving
from ..cluster import Cluster, running, until
from ..conftest import SESSIONS, empty, migrate, reset
from .world import World

STARTS = ("psql", "schedule", "api")
FAULTS = ("kill", "terminate", "cancel", "cancel_job", "crash")


class Walk(RuleBasedStateMachine):
    """The steps. ``tally`` counts the runs that came to harm, by fault."""

    cluster: ClassVar[Cluster]
    endpoint: ClassVar[str]
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.cluster.wait()
        with self.cluster.connect() as owner:
            reset(owner)
            owner.execute("UPDATE job SET batch_size = 1")
        self.world = World(self.cluster, self.endpoint)
        self.world.add(40, -3600)

    @rule(count=st.integers(1, 40), expires_in=st.sampled_from([-7200, -60, 3600]))
    def add(self, count: int, expires_in: int) -> None:
        self.world.add(count, expires_in)

    @rule(start=st.sampled_from(STARTS))
    def run(self, start: str) -> None:
        self._wait_for_the_api()
        getattr(self.world, start)()
        with self.cluster.connect() as owner:
            assert owner.execute("SELECT FROM expired_sessions").fetchall() == []

    @rule(start=st.sampled_from(STARTS), fault=st.sampled_from(FAULTS), delay=st.integers(0, 150))
    def come_to_harm(self, start: str, fault: str, delay: int) -> None:
        self._wait_for_the_api()
        self.world.add(150, -1800)
        if self.world.interrupt(getattr(self.world, start), getattr(self.world, fault), delay / 1000):
            self.tally[f"{fault} of {start}"] += 1

    @rule(call=st.sampled_from(["pause_job(%s)", "resume_job(%s)", "reschedule_job(%s, '0 3 * * *')"]))
    def control(self, call: str) -> None:
        with self.cluster.connect(self.cluster.app) as operator:
            operator.execute(f"SELECT {call}".encode(), [SESSIONS])

    @invariant()
    def all_is_true(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.cluster.wait()
        self.world.check_that_the_next_run_mends_all()
        with self.cluster.connect() as owner:
            owner.execute("UPDATE job SET schedule = '0 * * * *' WHERE name = %s", [SESSIONS])

    def _wait_for_the_api(self) -> None:
        query = {"query": "{ availableJobs { name } }"}
        until(lambda: httpx.post(self.endpoint, json=query, timeout=20).json().get("data"), 30)


def walk(examples: int, steps: int, **options: Any) -> None:
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            print_blob=False,
            **options,
        ),
    )


@contextmanager
def ready(cluster: Cluster) -> Iterator[None]:
    with serving(cluster.app) as endpoint:
        Walk.cluster, Walk.endpoint = cluster, endpoint
        yield


def main(kill_points: int) -> None:
    try:
        with running("test") as cluster:
            empty(cluster)
            migrate(cluster)
            with ready(cluster):
                while Walk.tally.total() < kill_points:
                    walk(examples=5, steps=20)
    finally:
        print("\n".join(f"{count:5} {fault}" for fault, count in sorted(Walk.tally.items())))
        print(f"{Walk.tally.total():5} kill points")
    print("    0 invariants broken")


if __name__ == "__main__":
    main(int(sys.argv[1]))
