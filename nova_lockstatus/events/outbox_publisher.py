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

"""Announces changes of hosts that are written down in the store."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from oslo_config import cfg
from oslo_log import log as logging

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import known_status
from nova_lockstatus.db import outbox
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import direct_publisher
from nova_lockstatus.events import relay
from nova_lockstatus.events import retention
from nova_lockstatus.events import sinks
from nova_lockstatus.events.fan_out import FanOut
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.threads import SerialWorker

if TYPE_CHECKING:
    from nova_lockstatus.gateway.host_status import HostStatusReader

LOG = logging.getLogger(__name__)

RECORD_TIMEOUT = 1
"""Seconds that a call waits at the most until its change is written down."""

_CANNOT_READ = 'The outbox cannot be read'


@dataclasses.dataclass(frozen=True)
class _Recording:
    change: host_event.StatusChange
    sinks: Sequence[str]
    done: threading.Event = dataclasses.field(
        default_factory=threading.Event, compare=False)


class OutboxPublisher:
    """Writes changes down in the store, and announces what is there.

    Whatever process has written a change down, any of them can announce it,
    and goes on where one that has died has stopped.

    :param conf: Nova's configuration
    :param store: where the outbox is
    :param fan_out: announces one change in Nova's notifications
    :param look: reads what a host is
    """

    patience: float = 2

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 fan_out: FanOut, look: HostStatusReader) -> None:
        self._conf = conf
        self._store = store
        self._direct = direct_publisher.DirectPublisher(fan_out)
        self._look = look
        self._complaints = LogOnce()
        self._recorder = SerialWorker(self._record)
        self._worker = SerialWorker(self._announce)
        self._relay = relay.OutboxRelay(store, fan_out.announce)
        self._limits = retention.OutboxRetention(conf, store)
        self._limited_at = time.monotonic()
        self._stop = threading.Event()
        self._more = threading.Event()

    @property
    def is_busy(self) -> bool:
        """Tell whether something is to be announced that was not yet."""
        return any(one.is_busy for one in (
            self._recorder, self._worker, self._direct))

    def publish(self, change: host_event.StatusChange) -> None:
        """Write a change down, and have it announced.

        Where the store does not answer soon, that goes on without the caller.

        :param change: the change
        """
        # What has waited for the store already need not be waited for.
        waits = not self._recorder.is_busy
        recording = _Recording(change, sinks.wanted(self._conf))
        self._recorder.put(recording)
        if waits:
            recording.done.wait(RECORD_TIMEOUT)

    def publish_if_version(self, change: host_event.StatusChange, version: int
                           ) -> bool:
        """Write down what was found by looking, and have it announced.

        :param change: the change
        :param version: of what the host was known to be before the look
        :returns: whether it was written down. Otherwise another one has
            written down a change of that host since
        :raises StoreUnreachable: when the store cannot be written
        """
        if not outbox.record(self._store, change, sinks.wanted(self._conf),
                             version):
            return False
        self.wake()
        return True

    def wake(self) -> None:
        """Have announced what nobody announces, if there is anything."""
        if not self._worker.is_busy:
            self._worker.put(None)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until all is announced that was put here.

        :param seconds: how long at the most, None without end
        :returns: whether it is
        """
        end = None if seconds is None else time.monotonic() + seconds
        return all(one.wait(
            None if end is None else max(0, end - time.monotonic()))
            for one in (self._recorder, self._worker, self._direct))

    def shutdown(self, seconds: float) -> None:
        """Finish what is under way, or hand it over.

        :param seconds: how long that may take
        """
        self._stop.set()
        self._more.set()
        if not self.wait(seconds):
            try:
                self._relay.release()
            except Exception as error:
                LOG.warning(
                    'What is not announced is not handed over, but '
                    'taken over in %d s: %s', outbox_lease.LEASE, error)

    def _record(self, recording: _Recording) -> None:
        what = 'What calls change of hosts is not written down, and waits'
        for pause in relay.store_delays():
            try:
                change = self._try_to_record(recording)
            except exception.StoreNotSynced as error:
                LOG.error('What a call has changed is announced at once, and '
                          'not again where that fails: %s', error)
                self._direct.publish(recording.change)
                recording.done.set()
                return
            except Exception as error:
                self._complaints.failed(what, error)
                if self._stop.wait(pause):
                    return
                continue
            self._complaints.worked(what)
            if change is not None:
                self._worker.put(change)
                self._more.set()
            recording.done.set()
            self._keep_limits()
            return

    def _keep_limits(self) -> None:
        """Give up what is beyond them, where perhaps no watch does so."""
        if time.monotonic() >= self._limited_at + retention.INTERVAL:
            self._limited_at = time.monotonic()
            self._limits.run(self._stop)

    def _try_to_record(self, recording: _Recording
                       ) -> host_event.StatusChange | None:
        change, wanted = recording.change, recording.sinks
        try:
            return change if outbox.record(self._store, change, wanted
                                           ) else None
        except outbox.VersionConflict:
            pass
        # Somebody else has changed the host, and has not written it down yet
        # or has before us. What counts is what it is now.
        known = known_status.read(self._store, change.cell).get(change.host)
        new = self._look.host(change)
        if known is None or new in (None, known.status):
            return None
        assert new is not None
        change = dataclasses.replace(change, old=known.status, new=new)
        return change if outbox.record(self._store, change, wanted,
                                       known.version) else None

    def _announce(self, change: host_event.StatusChange | None) -> None:
        """Announce what is in the outbox, in Nova's notifications.

        :param change: one that must be announced when this returns, by this
            process or another; None for what nobody announces
        """
        mine = sinks.of_notifications(self._conf)
        pausing = relay.store_delays()
        while mine:
            self._more.clear()
            try:
                told = self._relay.relay_next(mine, self._stop)
                self._complaints.worked(_CANNOT_READ)
                if told:
                    pausing = relay.store_delays()
                    continue
                if (change is None or self._stop.is_set()
                        or not outbox.count(self._store, change.id, mine)):
                    return
            except exception.StoreUnreachable as error:
                self._complaints.failed(_CANNOT_READ, error)
                if change is None or self._stop.is_set():
                    return
            # Another change, of another cell, is told at once.
            self._more.wait(next(pausing))
