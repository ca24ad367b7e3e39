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

"""How long to wait before a webhook is tried again."""

import email.utils
import random
import time

PAUSE = 1
PAUSE_MAX = 300
"""The first and the longest pause in seconds, which doubles with each failure.
"""

RETRY_AFTER_MAX = 900
"""The longest pause in seconds that a webhook can ask for."""


class Backoff:
    """Pauses after failures, longer with each."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        """Tell whether it can be tried."""
        return time.monotonic() >= self._until

    def failed(self, retry_after: str | None = None) -> float:
        """Begin a pause.

        :param retry_after: the header of that name, None without one
        :returns: how long it is, in seconds
        """
        pause = min(PAUSE * 2.0 ** min(self._failures, 30), PAUSE_MAX)
        # Up to a half less, so that not all come back at the same time.
        pause = max(pause * random.uniform(0.5, 1),
                    seconds_until(retry_after, time.time()))
        self._failures += 1
        self._until = time.monotonic() + pause
        return pause

    def worked(self) -> None:
        """Begin anew with the next failure."""
        self._failures = 0


def seconds_until(retry_after: str | None, now: float) -> float:
    """Read the header Retry-After.

    :param retry_after: what is in it: seconds, or a time; None without one
    :param now: what time it is, in seconds since 1970
    :returns: how long to wait, in seconds: 0 for what cannot be read, and
        :data:`RETRY_AFTER_MAX` at the most
    """
    text = (retry_after or '').strip()
    try:
        seconds = float(int(text))
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(
                text).timestamp() - now
        except (ValueError, OverflowError):
            return 0
    except OverflowError:
        return RETRY_AFTER_MAX
    return min(max(0, seconds), RETRY_AFTER_MAX)
