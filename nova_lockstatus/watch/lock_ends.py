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

"""Does what is due when locks of servers end."""

import datetime
import functools
import random
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.core import lock_ends as rules
from nova_lockstatus.events.notifications import host_status
from nova_lockstatus.events.notifications import server_lock
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import lock_ends
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils import threads
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch import cell_ends
from nova_lockstatus.watch import lock_expiries
from nova_lockstatus.watch.cell_ends import CellEnds
from nova_lockstatus.watch.lock_expiries import LockExpiries

LOG = logs.logger(__name__)

CELLS_TIMEOUT = 5
"""Seconds that a run waits for the cells at the most. A cell that takes longer
is left out of further runs until it is done."""

MAX_AGE_SECONDS = 3 * cell_ends.ALL_SECONDS
"""Seconds after which the number of expired locks is too old to be shown."""

RENEW_SECONDS = rules.UNANNOUNCED_SECONDS / 2
"""Seconds after which a process makes sure that it still is to announce."""

WORKERS = 4
"""The number of threads that lift locks of one cell."""


class _Lifted(NamedTuple):
    """A server whose lock is lifted, and when, as time.monotonic() has it."""

    uuid: str
    lifting: rules.Lifting
    at: float


class _Look(NamedTuple):
    """A look at a cell.

    :param stop: when it is set, the rest is left for another process
    :param now: the time of the database when it began
    """

    stop: threading.Event
    cell: Any
    ends: CellEnds
    now: datetime.datetime

    def each(self, kind: str, function: Callable[[Any, str], None]) -> None:
        """Call a function for each server of which something is due.

        :param kind: what is due
        :param function: is called with a context and the uuid of the server
        """
        uuids = list({server.uuid for server, _ in self.ends.due(
            self.now, kind) if not self.ends.waits(server.uuid)})
        # Other processes take them in another order.
        random.shuffle(uuids)
        threads.run_parallel(functools.partial(self._try, kind, function),
                             uuids, WORKERS)

    def _try(self, kind: str, function: Callable[[Any, str], None], uuid: str
             ) -> None:
        if self.stop.is_set():
            return
        try:
            function(cells.context(self.cell), uuid)
        except Exception as error:
            if self.ends.postpone(uuid):
                LOG.warning(
                    'The end of a lock of the server %s has come, but the '
                    'lock is not lifted, or not announced. It is tried again '
                    'every %s, and this is logged once: %s: %s', uuid,
                    duration.in_seconds(cell_ends.RETRY_SECONDS),
                    type(error).__name__, error)
            return
        self.ends.done(uuid, kind, self.now)


class LockEnds:
    """Lifts locks whose end has come, and announces that.

    Any number of processes can do so: what counts is the server's row, which
    only one of them can lock at a time.

    :param expiries: records the locks that expire, None where there is no
        store
    """

    name = 'lock ends'

    def __init__(self, conf: cfg.ConfigOpts, metrics: Metrics = NO_METRICS,
                 expiries: LockExpiries | None = None) -> None:
        self._conf = conf
        self._options = conf.lockstatus
        self._metrics = metrics
        self._expiries = expiries
        self._log_once = LogOnce()
        # A server that could not be scheduled can be locked, too.
        self._cells = cells.CellRunner(self.name, cells.LIST_KEPT_SECONDS,
                                       metrics, cell0=True)
        self._ends: dict[str, CellEnds] = {}

    @property
    def interval(self) -> float:
        """Return the seconds between two looks, 0 for none."""
        return (float(self._options.lock_ends_interval)
                if lock_expiries.is_enabled(self._conf) else 0)

    def run(self, stop: threading.Event) -> None:
        """Do in all cells what is due.

        :param stop: when it is set, the rest is left for another process
        """
        if self.interval:
            self._cells.each(functools.partial(self._check_cell, stop), stop,
                             CELLS_TIMEOUT)

    def end(self) -> None:
        """Leave all as it is: the locks are in the cells."""

    def _check_cell(self, stop: threading.Event, cell: Any) -> None:
        context = cells.context(cell)
        ends = self._ends.setdefault(cell.uuid, CellEnds())
        look = _Look(stop, cell, ends, lock_ends.read_now(context))
        is_all = ends.read(context, look.now)
        if self._expiries is not None:
            with self._log_once.attempt(
                    'Expired locks of the cell %s are not announced'
                    % cells.label(cell),
                    exception.LockStatusException):
                ends.record(cell.uuid, look.now, self._expiries, is_all)
        lifted: list[_Lifted] = []
        look.each(rules.RELEASE, functools.partial(self._lift, lifted))
        # After all are lifted: that takes longer than to lift them.
        threads.run_parallel(functools.partial(self._announce_own, look),
                             lifted, WORKERS)
        look.each(rules.UNANNOUNCED, self._announce_others)
        self._metrics.locks_expired(cells.name(cell), ends.count(look.now),
                                    MAX_AGE_SECONDS)

    def _lift(self, lifted: list[_Lifted], context: Any, uuid: str) -> None:
        announces = (host_status.sends_versioned(self._conf)
                     or host_status.sends_unversioned(self._conf))
        lifting = lock_ends.lift(context, uuid, self._conf.host, announces)
        if lifting is None:
            return
        LOG.info('The end of a lock of the server %s has come: the lock is '
                 'lifted.', uuid)
        if announces:
            lifted.append(_Lifted(uuid, lifting, time.monotonic()))

    def _announce_own(self, look: _Look, lifted: _Lifted) -> None:
        """Announce a lifting, unless another process does it meanwhile."""
        if look.stop.is_set():
            return
        context = cells.context(look.cell)
        with self._log_once.attempt(
                'Locks that are lifted at their end cannot be announced',
                Exception):
            lifting: rules.Lifting | None = lifted.lifting
            if time.monotonic() > lifted.at + RENEW_SECONDS:
                lifting = lock_ends.renew(context, lifted.uuid, lifted.lifting)
            if lifting is not None:
                self._announce(context, lifted.uuid, lifting)

    def _announce_others(self, context: Any, uuid: str) -> None:
        lifting = lock_ends.claim(context, uuid)
        if lifting is not None:
            LOG.info('A lock of the server %s was lifted at its end by a '
                     'process that has not announced it. It is announced '
                     'now.', uuid)
            self._announce(context, uuid, lifting)

    def _announce(self, context: Any, uuid: str, lifting: rules.Lifting
                  ) -> None:
        # By that id, consumers find the instance action.
        context.request_id = lifting.request_id
        instance = lock_ends.load(context, uuid)
        if instance is not None:
            server_lock.send_changed(context, instance, instance,
                                     lifting.action, self._conf.host)
            lock_ends.announced(context, uuid, lifting)
