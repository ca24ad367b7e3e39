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

"""Gathers events of several hosts into the POSTs of one webhook."""

from __future__ import annotations

import collections
import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any

from nova_lockstatus.core import host_event
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.utils import threads


@dataclasses.dataclass(eq=False)
class PendingEvent:
    """An event, and what has come of it.

    :param lease: of the outbox entry that it belongs to
    :param status: the final HTTP status of the answer, None without one
    :param error: why there is none. Without an error and a status, it was not
        posted
    :param pause: seconds for which the webhook is left alone after the error
    """

    change: host_event.StatusChange
    event: dict[str, Any]
    lease: LeaseRenewer | None
    status: int | None = None
    error: Exception | None = None
    pause: float = 0
    is_done: bool = False


class Batcher:
    """Posts events in batches, several of them at the same time.

    While a POST is under way, further events gather for the next one. The
    caller waits for its own events. So no two events of a host are in it at
    the same time, as the host's later changes wait in the outbox.

    :param post: posts a batch once, and sets what comes of each event
    :param size: the number of events in a batch
    :param parallel: the number of POSTs at the same time
    """

    def __init__(self, post: Callable[[Sequence[PendingEvent]], None],
                 size: int, parallel: int) -> None:
        self._post = post
        self._size = size
        self._parallel = parallel
        self._condition = threading.Condition()
        self._waiting: collections.deque[PendingEvent] = collections.deque()
        self._senders = 0

    def post(self, events: Sequence[PendingEvent]) -> None:
        """Post events, and wait until each is posted, or will not be.

        :param events: of one change, each of another server
        """
        with self._condition:
            self._waiting.extend(events)
            batches = -(-len(self._waiting) // self._size)
            for _ in range(min(batches, self._parallel - self._senders)):
                self._senders += 1
                threads.start_daemon(self._send)
            self._condition.wait_for(
                lambda: all(event.is_done for event in events))

    def _send(self) -> None:
        while batch := self._take():
            try:
                self._post(batch)
            except Exception as error:
                for event in batch:
                    event.error = error
            with self._condition:
                for event in batch:
                    event.is_done = True
                self._condition.notify_all()

    def _take(self) -> Sequence[PendingEvent]:
        with self._condition:
            batch = [self._waiting.popleft() for _ in range(
                min(self._size, len(self._waiting)))]
            if not batch:
                self._senders -= 1
            return batch
