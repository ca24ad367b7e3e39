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

"""Publishes changes of host status through the outbox."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import known_status
from nova_lockstatus.db import outbox
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import direct_publisher
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.events import parallel_relay
from nova_lockstatus.events import retention
from nova_lockstatus.events import sinks
from nova_lockstatus.events.fan_out import FanOut
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.threads import SerialWorker

if TYPE_CHECKING:
    from nova_lockstatus.gateway.host_status_reader import HostStatusReader
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

RECORD_TIMEOUT = 1
"""Seconds that a call waits at the most until its change is recorded."""

HOSTS = 8
"""The number of hosts of one cell that are announced at the same time, so that
a host with many servers does not hold up the others."""

_CANNOT_READ = 'The outbox cannot be read'


@dataclasses.dataclass(frozen=True)
class _Request:
    """A change that is to be recorded for its sinks."""

    change: host_event.StatusChange
    sinks: Sequence[str]
    done: threading.Event = dataclasses.field(
        default_factory=threading.Event, compare=False)


class OutboxPublisher:
    """Records changes in the outbox, and relays those for notifications.

    Any process can relay a change, whichever has recorded it, and goes on from
    the last checkpoint of a process that has died.
    """

    after_response_timeout: float = 2

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 fan_out: FanOut, reader: HostStatusReader) -> None:
        self._conf = conf
        self._store = store
        self._direct = direct_publisher.DirectPublisher(fan_out)
        self._reader = reader
        self._log_once = LogOnce()
        self._recorder = SerialWorker(self._record)
        self._worker = SerialWorker(self._relay_all)
        self._relay = parallel_relay.ParallelRelay(
            store, fan_out.deliver, HOSTS)
        self._retention = retention.OutboxRetention(conf, store)
        self._retention_at = time.monotonic()
        self._stop = threading.Event()
        self._recorded = threading.Event()

    @property
    def is_busy(self) -> bool:
        """Tell whether a published change is not delivered yet."""
        return any(worker.is_busy for worker in (
            self._recorder, self._worker, self._direct))

    def publish(self, change: host_event.StatusChange) -> None:
        """Record a change, and relay it.

        Where the store does not answer soon, that goes on without the caller.
        """
        # Where an earlier change waits for the store, this one would wait
        # longer: the caller does not.
        waits = not self._recorder.is_busy
        request = _Request(change, sinks.configured(self._conf))
        self._recorder.put(request)
        if waits:
            request.done.wait(RECORD_TIMEOUT)

    def publish_if_version(self, change: host_event.StatusChange, version: int
                           ) -> bool:
        """Record a change that a poll has found, and relay it.

        :param version: the version of the host's known status that the poll
            was compared with
        :returns: whether it was recorded. Otherwise another process has
            recorded a change of that host since
        :raises StoreUnreachable: when the store cannot be written
        """
        if not outbox.record(self._store, change, sinks.configured(self._conf),
                             version):
            return False
        self.wake()
        return True

    def wake(self) -> None:
        """Relay the entries that no other process relays, if there are any."""
        if not self._worker.is_busy:
            self._worker.put(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all changes are delivered that were published here.

        :param timeout: seconds to wait at the most, None without end
        """
        end = None if timeout is None else time.monotonic() + timeout
        return all(worker.wait(
            None if end is None else max(0, end - time.monotonic()))
            for worker in (self._recorder, self._worker, self._direct))

    def shutdown(self, timeout: float) -> None:
        """Finish the delivery that goes on, or hand it over.

        :param timeout: seconds that it may take to finish
        """
        self._stop.set()
        self._recorded.set()
        if not self.wait(timeout):
            try:
                self._relay.release()
            except Exception as error:
                LOG.warning(
                    'What is not announced is not handed over, but '
                    'taken over in %s: %s',
                    duration.in_seconds(outbox_lease.LEASE_SECONDS),
                    error)

    def _record(self, request: _Request) -> None:
        what = 'What calls change of hosts is not written down, and waits'
        for seconds in outbox_relay.store_delays():
            try:
                change = self._try_to_record(request)
            except exception.StoreNotSynced as error:
                LOG.error('What a call has changed is announced at once, and '
                          'not again where that fails: %s', error)
                self._direct.publish(request.change)
                request.done.set()
                return
            except Exception as error:
                self._log_once.failed(what, error)
                if self._stop.wait(seconds):
                    return
                continue
            self._log_once.worked(what)
            if change is not None:
                self._worker.put(change)
                self._recorded.set()
            request.done.set()
            self._run_retention()
            return

    def _run_retention(self) -> None:
        """Keep the limits of the outbox, in case that no watch runs."""
        if time.monotonic() >= self._retention_at + retention.INTERVAL_SECONDS:
            self._retention_at = time.monotonic()
            self._retention.run(self._stop)

    def _try_to_record(self, request: _Request
                       ) -> host_event.StatusChange | None:
        change, wanted = request.change, request.sinks
        try:
            return change if outbox.record(self._store, change, wanted
                                           ) else None
        except outbox.VersionConflict:
            pass
        # Another call has changed the host, too, and records it before or
        # after this one. What counts is the status of the host now.
        known = known_status.read(self._store, change.cell).get(change.host)
        new = self._reader.host(change)
        if known is None or new in (None, known.status):
            return None
        assert new is not None
        change = dataclasses.replace(change, old=known.status, new=new)
        return change if outbox.record(self._store, change, wanted,
                                       known.version) else None

    def _relay_all(self, change: host_event.StatusChange | None) -> None:
        """Relay the entries for Nova's notifications.

        :param change: wait until this change is delivered, by this process or
            another one; None not to wait
        """
        own_sinks = sinks.of_notifications(self._conf)
        delays = outbox_relay.store_delays()
        while own_sinks:
            self._recorded.clear()
            try:
                relayed = self._relay.relay_next(own_sinks, self._stop)
                self._log_once.worked(_CANNOT_READ)
                if relayed:
                    delays = outbox_relay.store_delays()
                    continue
                if (change is None or self._stop.is_set()
                        or not outbox.count(self._store, change.id,
                                            own_sinks)):
                    return
            except exception.StoreUnreachable as error:
                self._log_once.failed(_CANNOT_READ, error)
                if change is None or self._stop.is_set():
                    return
            # A change of another cell that is recorded meanwhile is relayed at
            # once.
            self._recorded.wait(next(delays))
