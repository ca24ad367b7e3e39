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

"""Counts the failures of a webhook, and leaves it alone for a while."""

import collections
import threading
import time

from oslo_config import cfg

from nova_lockstatus.events.webhook import retry_delays
from nova_lockstatus.events.webhook.client import seconds_until
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.utils.backoff import scheduled

RETRY_AFTER_SECONDS = 900
RETRY_AFTER_SHARE = 0.25
"""The longest Retry-After that counts: so many seconds, or this part of
webhook_give_up where that is longer."""

MAX_COUNTED = 1000
"""The number of changes whose failures are counted, those that failed last."""


class Pause:
    """The pauses of one webhook, and those of the changes it did not take."""

    def __init__(self, conf: cfg.ConfigOpts, endpoint: Endpoint) -> None:
        self._conf = conf
        self._schedule = retry_delays.schedule(endpoint.retries)
        self._backoff = retry_delays.backoff(endpoint.retries)
        self._failures: collections.OrderedDict[str, int] = (
            collections.OrderedDict())
        self._failed_at = 0.0
        self._seconds = 0.0
        # Several POSTs end at the same time.
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Tell whether the webhook is to get another event now."""
        return self._backoff.is_over

    def begin(self, began: float, retry_after: str | None) -> float:
        """Begin a pause after a failure.

        :param began: before the POST, as time.monotonic() has it. POSTs that
            fail at the same time count as one failure
        :param retry_after: the header of that name, None without one
        :returns: the seconds of the pause
        """
        asked = self._read(retry_after)
        with self._lock:
            if began >= self._failed_at or asked > self._seconds:
                self._seconds = self._backoff.failed(asked)
                self._failed_at = time.monotonic()
            return self._seconds

    def worked(self) -> None:
        """Begin with the shortest pause again at the next failure."""
        with self._lock:
            self._backoff.worked()

    def postpone(self, change_id: str, pause: float) -> float:
        """Return when a change is tried again, in seconds.

        Its own failures count, however many other changes the webhook takes
        meanwhile.

        :param pause: the seconds of the webhook's pause
        """
        with self._lock:
            failures = self._failures.pop(change_id, 0) + 1
            self._failures[change_id] = failures
            if len(self._failures) > MAX_COUNTED:
                self._failures.popitem(last=False)
        return max(retry_delays.after_pause(pause),
                   scheduled(failures, self._schedule))

    def forget(self, change_id: str) -> None:
        """Forget the failures of a change that is delivered."""
        with self._lock:
            self._failures.pop(change_id, None)

    def _read(self, retry_after: str | None) -> float:
        """Return for how many seconds the webhook asks to be left alone."""
        most = RETRY_AFTER_SHARE * self._conf.lockstatus.webhook_give_up
        return seconds_until(retry_after, time.time(),
                             max(RETRY_AFTER_SECONDS, most))
