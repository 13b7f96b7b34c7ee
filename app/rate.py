"""A limit on how often something is done."""

import math
import time
from collections import deque
from collections.abc import Callable

from .errors import RateLimitedError


class Rate:
    """At most ``limit`` times within any ``period`` (seconds), whoever does it."""

    def __init__(self, limit: int, period: float = 60, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._period = period
        self._clock = clock
        self._times: deque[float] = deque()

    def count(self) -> None:
        """Raises RateLimitedError where it would be once too often."""
        now = self._clock()
        while self._times and self._times[0] <= now - self._period:
            self._times.popleft()
        if len(self._times) >= self._limit:
            seconds = math.ceil(self._times[0] + self._period - now)
            raise RateLimitedError(f"{self._limit} triggers a minute are enough. Try again in {seconds} seconds.")
        self._times.append(now)
