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

"""Keeps the lease of a change, or knows that it may be lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from oslo_log import log as logging

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_lease

LOG = logging.getLogger(__name__)

MARGIN = 0.2
"""The part of a lease that is left, when nobody could renew it, to end what is
under way before another one takes over."""


class LeaseRenewer:
    """Keeps the lease of a change while it is told.

    Where it could not be renewed for too long it is given up: one who is cut
    off from the store cannot know that nobody else has taken over.

    :param store: where the outbox is
    :param owner: who has the lease
    :param entry: the change
    :param stop: is set when the process is to end
    :param began: before it was taken, as time.monotonic() has it
    """

    def __init__(self, store: database.Store, owner: str,
                 entry: outbox_lease.OutboxEntry, stop: threading.Event,
                 began: float) -> None:
        self._store = store
        self._owner = owner
        self._entry = entry
        self._stop = stop
        self._kept_at = began
        self._ended = threading.Event()
        self._is_lost = False

    def __enter__(self) -> LeaseRenewer:
        # NOTE: a broker that is away holds up a message for as long as it is.
        threading.Thread(target=self._renew, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()

    @property
    def is_held(self) -> bool:
        """Tell whether nobody else can tell the change. Once no, it stays so.
        """
        left = self._kept_at + outbox_lease.LEASE - time.monotonic()
        if left < MARGIN * outbox_lease.LEASE:
            self._is_lost = True
        return not self._is_lost

    def checkpoint(self, last_server: int) -> bool:
        """Write down how far it is.

        :param last_server: the id of the last server that was told
        :returns: whether the rest is to be told by this process
        """
        if self.is_held:
            self._keep(outbox_lease.checkpoint, last_server)
        return self.is_held and not self._stop.is_set()

    def _renew(self) -> None:
        while self.is_held and not self._ended.wait(outbox_lease.LEASE / 3):
            self._keep(outbox_lease.renew)

    def _keep(self, function: Callable[..., bool], *args: object) -> None:
        began = time.monotonic()
        try:
            if function(self._store, self._owner, self._entry, *args):
                self._kept_at = began
            else:
                self._is_lost = True
        except exception.StoreUnreachable:
            LOG.debug('The lease is not renewed.', exc_info=True)
        except Exception:
            LOG.exception('The lease is not renewed, and is given up.')
            self._is_lost = True
