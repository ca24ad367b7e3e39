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

"""Tells what is in the outbox, one change after the other, under a lease."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from nova import exception as nova_exception
from oslo_log import log as logging
from oslo_utils import uuidutils

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.utils import backoff
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.threads import Bulkhead

LOG = logging.getLogger(__name__)

RETRY_SECONDS = 1
RETRY_MAX_SECONDS = 60
"""The first and the longest delay before an entry is tried again whose
delivery has failed, for instance because its cell cannot be read."""

STORE_RETRY_SECONDS = 0.05
STORE_RETRY_MAX_SECONDS = 10
"""The first and the longest delay before the outbox is used again that could
not be read or written."""

SHARED_SECONDS = 0.25
"""Seconds that those of other cells wait for a change. One that takes longer,
as its cell hangs or the host is large, is told beside them."""

_CANNOT_WRITE = 'The outbox cannot be written'

Deliver = Callable[[host_event.StatusChange, int, LeaseRenewer], bool]
"""Tells one change. It is given the id of the last server that was told, and
what notes that id again and again, and says whether to go on. It returns
whether it was told to the end."""


class RetryLater(Exception):
    """What is told now cannot be told yet, and somebody has logged why.

    :param seconds: after which it is to be tried again
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def store_delays() -> Iterator[float]:
    """Yield the delays between the tries to use the outbox, in seconds."""
    return backoff.delays(STORE_RETRY_SECONDS, STORE_RETRY_MAX_SECONDS)


class OutboxRelay:
    """Tells changes that nobody else tells.

    :param store: where the outbox is
    :param tell: tells one change
    """

    def __init__(self, store: database.Store, tell: Deliver) -> None:
        self._store = store
        self._deliver = tell
        self._complaints = LogOnce()
        self._patience = Bulkhead(SHARED_SECONDS)
        self._owners: dict[int, str] = {}

    @property
    def _owner(self) -> str:
        # nova-api is forked after this is made.
        return self._owners.setdefault(os.getpid(), uuidutils.generate_uuid())

    def relay_next(self, sinks: Sequence[str], stop: threading.Event) -> bool:
        """Deliver the oldest change that nobody tells.

        It may go on when this returns. Until it is told, none of its cell is
        told by this process.

        :param sinks: to whom
        :param stop: when it is set, the rest is handed over
        :returns: whether there was one, or one went on
        :raises StoreNotSynced: when the tables are not there
        :raises StoreUnreachable: when the outbox cannot be read
        """
        began = time.monotonic()
        entry = None if stop.is_set() else outbox_lease.claim(
            self._store, self._owner, sinks, self._patience.hanging)
        if entry is None:
            return self._patience.wait()
        with contextlib.suppress(TimeoutError):
            self._patience.call(entry.change.cell, functools.partial(
                self._keep_and_tell, entry, stop, began))
        return True

    def release(self) -> None:
        """Give back what is under way, for others to go on.

        :raises StoreUnreachable: when the outbox cannot be written
        """
        outbox_lease.release(self._store, self._owner)

    def _keep_and_tell(self, entry: outbox_lease.OutboxEntry,
                       stop: threading.Event, began: float) -> None:
        with LeaseRenewer(self._store, self._owner, entry, stop,
                          began) as lease:
            self._tell(entry, lease, stop)

    def _tell(self, entry: outbox_lease.OutboxEntry, lease: LeaseRenewer,
              stop: threading.Event) -> None:
        function: Callable[..., None] = outbox_lease.finish
        try:
            if not self._deliver(entry.change, entry.last_server, lease):
                function = outbox_lease.hand_over
        except RetryLater as later:
            function = functools.partial(outbox_lease.postpone,
                                         seconds=later.seconds)
        except nova_exception.CellMappingNotFound:
            LOG.warning('Nobody is told that host %s is %s: its cell %s is '
                        'not there any more.', entry.change.host,
                        entry.change.new, entry.change.cell)
        except Exception:
            pause = backoff.delay(entry.tries + 1, RETRY_SECONDS,
                                  RETRY_MAX_SECONDS)
            LOG.exception('It was not announced to the end that host %s is '
                          '%s. It is tried again in %d s.',
                          entry.change.host, entry.change.new, pause)
            function = functools.partial(outbox_lease.postpone, seconds=pause)
        for pause in store_delays():
            try:
                function(self._store, self._owner, entry)
            except exception.StoreUnreachable as error:
                self._complaints.failed(_CANNOT_WRITE, error)
            except exception.StoreNotSynced as error:
                self._complaints.failed(_CANNOT_WRITE, error)
                return
            else:
                self._complaints.worked(_CANNOT_WRITE)
                return
            if stop.wait(pause):
                return
