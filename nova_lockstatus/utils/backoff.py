# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Delays between the tries of what fails, which grow with each failure."""

import itertools
import random
import time
from collections.abc import Iterator, Sequence


def delay(failures: int, first: float, longest: float) -> float:
    """Return how long to wait after some failures in a row.

    :param first: seconds to wait after the first one; they double with each
    :param longest: seconds that are never exceeded
    :returns: seconds, 0 without a failure
    """
    if failures <= 0:
        return 0
    # No power that is too large for a float.
    return float(min(first * 2 ** min(failures - 1, 32), longest))


def scheduled(failures: int, schedule: Sequence[float]) -> float:
    """Return how long to wait after some failures in a row.

    :param schedule: the seconds after the first failure, the second, and so
        on; the last of them after all that follow
    :returns: seconds, 0 without a failure
    """
    return schedule[min(failures, len(schedule)) - 1] if failures > 0 else 0


def delays(first: float, longest: float) -> Iterator[float]:
    """Yield the seconds to wait after one failure in a row, two, and so on."""
    return (delay(failures, first, longest) for failures in itertools.count(1))


class Backoff:
    """Counts failures in a row, and knows when to try again.

    :param schedule: seconds to wait after one failure in a row, two, and so
        on; the last of them after all that follow
    :param jitter: up to which part each delay is cut at random, so that not
        all processes try again at the same time
    """

    def __init__(self, schedule: Sequence[float], jitter: float = 0) -> None:
        self._schedule = schedule
        self._jitter = jitter
        self._failures = 0
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        """Tell whether the delay since the last failure is over."""
        return time.monotonic() >= self._until

    def failed(self, at_least: float = 0) -> float:
        """Begin the delay after another failure.

        :param at_least: seconds that the other side asks for
        """
        self._failures += 1
        seconds = scheduled(self._failures, self._schedule)
        seconds = max(seconds * random.uniform(1 - self._jitter, 1), at_least)
        self._until = time.monotonic() + seconds
        return seconds

    def worked(self) -> None:
        """Begin with the first delay again at the next failure."""
        self._failures = 0
