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

"""Relays several outbox entries at the same time, each of another host."""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Sequence

from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.utils import threads


class ParallelRelay(outbox_relay.OutboxRelay):
    """Relays entries in threads.

    :param workers: how many entries of one cell at the same time, so that a
        cell that hangs does not delay the others
    """

    def __init__(self, store: database.Store, deliver: outbox_relay.Deliver,
                 workers: int) -> None:
        super().__init__(store, deliver)
        self._workers = workers
        self._condition = threading.Condition()
        self._busy: collections.Counter[str] = collections.Counter()
        self._ended = 0
        self._told_to_end: BaseException | None = None

    def relay_next(self, sinks: Sequence[str], stop: threading.Event) -> bool:
        """Begin to deliver the oldest entry that is free.

        :param stop: when it is set, the rest is handed over
        :returns: whether there was an entry, or a delivery that goes on
        :raises StoreNotSynced: when the tables do not exist
        :raises StoreUnreachable: when the outbox cannot be read
        """
        began = time.monotonic()
        with self._condition:
            if self._told_to_end is not None:
                raise self._told_to_end
            ended = self._ended
            full = [cell for cell, count in self._busy.items()
                    if count >= self._workers]
        entry = None if stop.is_set() else outbox_lease.claim(
            self._store, self._owner, sinks, full)
        if entry is None:
            return self._wait(ended)
        with self._condition:
            self._busy[entry.change.cell] += 1
        threads.start_daemon(self._work, entry, stop, began)
        return True

    def _wait(self, ended: int) -> bool:
        """Wait until a delivery ends, but not for long.

        :param ended: how many had ended before the outbox was read
        :returns: whether there was any: when it ends, another entry of its
            host or of its cell is free
        """
        with self._condition:
            if ended == self._ended and not self._busy:
                return False
            self._condition.wait_for(lambda: ended != self._ended,
                                     outbox_relay.SHARED_SECONDS)
            return True

    def _work(self, entry: outbox_lease.OutboxEntry, stop: threading.Event,
              began: float) -> None:
        try:
            self._relay(entry, stop, began)
        except BaseException as error:
            # Of a process that ends. Nothing more is relayed by it.
            self._told_to_end = error
            raise
        finally:
            with self._condition:
                self._busy[entry.change.cell] -= 1
                # Forgets the cells that have none.
                self._busy += collections.Counter()
                self._ended += 1
                self._condition.notify_all()
