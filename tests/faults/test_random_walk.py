"""The random walk, small, and the same each time. ``make faults`` walks further."""

from ..cluster import Cluster
from .walk import Walk, ready, walk


def test_whatever_happens_in_whatever_order_no_live_row_goes_and_the_log_is_true(database: Cluster) -> None:
    Walk.tally.clear()
    with ready(database):
        walk(examples=6, steps=12, derandomize=True)
    print(dict(Walk.tally))
    assert Walk.tally.total() >= 4
