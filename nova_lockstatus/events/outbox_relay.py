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

"""Relays outbox entries to their sinks, one after the other, under a lease."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from oslo_utils import uuidutils

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.gateway.cells import CellRemoved
from nova_lockstatus.utils import backoff
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.threads import Bulkhead

LOG = logs.logger(__name__)

RETRY_SECONDS = 1
RETRY_MAX_SECONDS = 60
"""The first and the longest delay before an entry is tried again whose
delivery has failed, for instance because its cell cannot be read."""

STORE_RETRY_SECONDS = 0.05
STORE_RETRY_MAX_SECONDS = 10
"""The first and the longest delay before the outbox is used again that could
not be read or written."""

SHARED_SECONDS = 0.25
"""Seconds for which entries of other cells wait for a delivery. One that takes
longer, as its cell hangs or the host is large, goes on beside them."""

_CANNOT_WRITE = 'The outbox cannot be written'

Deliver = Callable[[host_event.StatusChange, int, LeaseRenewer], bool]
"""Delivers one change to a sink. It gets the id of the last server for which
the change was delivered, and the lease, which takes checkpoints. It returns
whether the change is delivered for all servers."""

Settle = Callable[[database.Store, str, outbox_lease.OutboxEntry], None]
"""Writes to the outbox how the delivery of an entry has ended."""


class RetryLater(Exception):
    """The delivery is to be tried again, and the reason is logged.

    :param seconds: the delay before the next try
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def store_delays() -> Iterator[float]:
    """Yield the delays between the tries to use the outbox, in seconds."""
    return backoff.delays(STORE_RETRY_SECONDS, STORE_RETRY_MAX_SECONDS)


class OutboxRelay:
    """Relays the entries that no other process relays."""

    def __init__(self, store: database.Store, deliver: Deliver) -> None:
        self._store = store
        self._deliver = deliver
        self._log_once = LogOnce()
        self._bulkhead = Bulkhead(SHARED_SECONDS)
        self._owners: dict[int, str] = {}

    @property
    def _owner(self) -> str:
        # nova-api is forked after this is made.
        return self._owners.setdefault(os.getpid(), uuidutils.generate_uuid())

    def relay_next(self, sinks: Sequence[str], stop: threading.Event) -> bool:
        """Deliver the oldest entry that is free.

        The delivery may go on when this returns. Until it ends, this process
        takes no other entry of its cell.

        :param stop: when it is set, the rest is handed over
        :returns: whether there was an entry, or a delivery that goes on
        :raises StoreNotSynced: when the tables do not exist
        :raises StoreUnreachable: when the outbox cannot be read
        """
        began = time.monotonic()
        entry = None if stop.is_set() else outbox_lease.claim(
            self._store, self._owner, sinks, self._bulkhead.hanging)
        if entry is None:
            return self._bulkhead.wait()
        with contextlib.suppress(TimeoutError):
            self._bulkhead.call(entry.change.cell, functools.partial(
                self._relay, entry, stop, began))
        return True

    def release(self) -> None:
        """Give back all leases, so that other processes go on.

        :raises StoreUnreachable: when the outbox cannot be written
        """
        outbox_lease.release(self._store, self._owner)

    def _relay(self, entry: outbox_lease.OutboxEntry, stop: threading.Event,
               began: float) -> None:
        with LeaseRenewer(self._store, self._owner, entry, stop,
                          began) as lease:
            self._settle(entry, self._try_to_deliver(entry, lease), stop)

    def _try_to_deliver(self, entry: outbox_lease.OutboxEntry,
                        lease: LeaseRenewer) -> Settle:
        try:
            if self._deliver(entry.change, entry.last_server, lease):
                return outbox_lease.finish
            return outbox_lease.hand_over
        except RetryLater as later:
            seconds = later.seconds
        except CellRemoved:
            LOG.warning('An event is given up, as Nova has its cell %s no '
                        'more: %s', entry.change.cell, entry.change.what)
            return outbox_lease.finish
        except Exception:
            seconds = backoff.delay(entry.tries + 1, RETRY_SECONDS,
                                    RETRY_MAX_SECONDS)
            LOG.exception('An event cannot be announced for all of its '
                          'servers. The rest is tried again in %s: %s',
                          duration.in_seconds(seconds), entry.change.what)
        return functools.partial(outbox_lease.postpone, seconds=seconds)

    def _settle(self, entry: outbox_lease.OutboxEntry, settle: Settle,
                stop: threading.Event) -> None:
        for seconds in store_delays():
            try:
                settle(self._store, self._owner, entry)
            except exception.StoreUnreachable as error:
                self._log_once.failed(_CANNOT_WRITE, error)
            except exception.StoreNotSynced as error:
                self._log_once.failed(_CANNOT_WRITE, error)
                return
            else:
                self._log_once.worked(_CANNOT_WRITE)
                return
            if stop.wait(seconds):
                return
