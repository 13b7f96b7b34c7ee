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
from ..conftest import count, empty, migrate, reset
from .world import TABLES, World

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
        self.worlds = {job: World(self.cluster, self.endpoint, job) for job in TABLES}
        for world in self.worlds.values():
            world.scatter(expired=40, live=40)

    @rule(job=st.sampled_from([*TABLES]), expired=st.integers(0, 40), live=st.integers(1, 40))
    def add(self, job: str, expired: int, live: int) -> None:
        self.worlds[job].scatter(expired, live)

    @rule(job=st.sampled_from([*TABLES]), start=st.sampled_from(STARTS))
    def run(self, job: str, start: str) -> None:
        self._wait_for_the_api()
        getattr(self.worlds[job], start)()
        with self.cluster.connect() as owner:
            assert count(owner, TABLES[job][1]) == 0

    @rule(
        job=st.sampled_from([*TABLES]),
        start=st.sampled_from(STARTS),
        fault=st.sampled_from(FAULTS),
        delay=st.integers(0, 80),
    )
    def come_to_harm(self, job: str, start: str, fault: str, delay: int) -> None:
        self._wait_for_the_api()
        world = self.worlds[job]
        world.scatter(expired=6000)
        if world.interrupt(getattr(world, start), getattr(world, fault), delay / 1000):
            self.tally[f"{fault} of {start}, {job}"] += 1

    @rule(
        job=st.sampled_from([*TABLES]),
        call=st.sampled_from(["pause_job(%s)", "resume_job(%s)", "reschedule_job(%s, '0 3 * * *')"]),
    )
    def control(self, job: str, call: str) -> None:
        with self.cluster.connect(self.cluster.app) as operator:
            operator.execute(f"SELECT {call}".encode(), [job])

    @invariant()
    def all_is_true(self) -> None:
        for world in self.worlds.values():
            world.check()

    def teardown(self) -> None:
        self.cluster.wait()
        for world in self.worlds.values():
            world.check_that_the_next_run_mends_all()

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
