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

"""Keeps the lease of an outbox entry during its delivery."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.utils import logs
from nova_lockstatus.utils import threads

LOG = logs.logger(__name__)

MARGIN_SHARE = 0.2
"""The part of a lease that is left when it counts as lost because it could not
be renewed: the time to end the delivery before another process takes over."""


class LeaseRenewer:
    """Renews the lease of an entry while the block runs.

    A lease that could not be renewed for too long counts as lost: a process
    that cannot reach the store does not know whether another one has taken
    over.

    :param stop: is set when the process is to end
    :param began: before the lease was taken, as time.monotonic() has it
    """

    def __init__(self, store: database.Store, owner: str,
                 entry: outbox_lease.OutboxEntry, stop: threading.Event,
                 began: float) -> None:
        self._store = store
        self._owner = owner
        self._entry = entry
        self._stop = stop
        self._renewed_at = began
        self._ended = threading.Event()
        self._is_lost = False

    def __enter__(self) -> LeaseRenewer:
        # NOTE: a broker that is away holds up a message for as long as it is.
        threads.start_daemon(self._renew_until_ended)
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()

    @property
    def is_held(self) -> bool:
        """Tell whether no other process can have the lease.

        Once it is lost, it stays lost.
        """
        left = self._renewed_at + outbox_lease.LEASE_SECONDS - time.monotonic()
        if left < MARGIN_SHARE * outbox_lease.LEASE_SECONDS:
            self._is_lost = True
        return not self._is_lost

    def checkpoint(self, last_server: int) -> bool:
        """Record up to which server the change is delivered.

        :returns: whether this process is to go on with the next server
        """
        if self.is_held:
            self._renew(outbox_lease.checkpoint, last_server)
        return self.is_held and not self._stop.is_set()

    def _renew_until_ended(self) -> None:
        while self.is_held and not self._ended.wait(
                outbox_lease.LEASE_SECONDS / 3):
            self._renew(outbox_lease.renew)

    def _renew(self, function: Callable[..., bool], *args: object) -> None:
        began = time.monotonic()
        try:
            if function(self._store, self._owner, self._entry, *args):
                self._renewed_at = began
            else:
                self._is_lost = True
        except exception.StoreUnreachable:
            LOG.debug('The lease of an entry of the outbox is not renewed.',
                      exc_info=True)
        except Exception:
            LOG.exception('The lease of an entry of the outbox cannot be '
                          'renewed. Another process goes on with the entry.')
            self._is_lost = True
