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

"""The metrics in the form of Prometheus' own client library."""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import prometheus_client
from prometheus_client import core

from nova_lockstatus.core import host_status
from nova_lockstatus.core import server_lock
from nova_lockstatus.events import sinks
from nova_lockstatus.utils.metrics import CellCounts
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch.guard import decisions

PREFIX = 'nova_lockstatus_'

BUCKETS = (.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)
"""Seconds that the delivery of a change for all servers of a host takes."""

OUTBOX_KEPT_SECONDS = 60
"""Seconds after which the length of the outbox is too old to be shown."""

NONE = 'none'
"""The label of a server that is on no host, or on a host without a compute
service, and of a lock without a recorded holder."""

STATUSES = tuple(status for status in host_status.VALUES
                 if status != host_status.NONE)

HOLDERS = (server_lock.OWNER, server_lock.ADMIN)

ACTIONS = tuple(
    action.name for action in decisions.ENFORCEMENT_ACTIONS.values())


class _Count(NamedTuple):
    """What a cell has, and until when it is shown."""

    counts: CellCounts
    until: float


class _Expired(NamedTuple):
    """How many locks of a cell are past their end, until when it is shown."""

    locks: int
    until: float


class _Outbox(NamedTuple):
    """The length of the outbox, its oldest entries, until when it is shown."""

    entries: int
    oldest: Mapping[str, float]
    until: float


class Prometheus(Metrics):
    """Keeps the metrics, and shows them in a registry.

    A number that is polled is shown only until it is too old: a cell that
    cannot be read has no series, rather than an old one.

    :param webhooks: the sinks of the webhooks that are configured
    """

    def __init__(self, registry: prometheus_client.CollectorRegistry,
                 webhooks: Sequence[str] = ()) -> None:
        self._counts: dict[str, _Count] = {}
        self._expired: dict[str, _Expired] = {}
        self._outbox: _Outbox | None = None
        registry.register(self)
        self._last_polls = prometheus_client.Gauge(
            PREFIX + 'last_look_timestamp_seconds',
            'When a periodic task last polled a cell without an error.',
            ['duty', 'cell'], registry=registry)
        self._host_changes = prometheus_client.Counter(
            PREFIX + 'host_changes',
            'Changes of host status that no API call made.',
            ['from', 'to'], registry=registry)
        self._hosts_held = prometheus_client.Gauge(
            PREFIX + 'hosts_held',
            'Hosts that do not report, and are not announced as UNKNOWN yet, '
            'as there was an outage.', ['cell'], registry=registry)
        self._announcements = prometheus_client.Counter(
            PREFIX + 'announcements',
            'Deliveries of a change of host status for one server.',
            ['sink', 'outcome'], registry=registry)
        self._fan_outs = prometheus_client.Histogram(
            PREFIX + 'fan_out_seconds',
            'Seconds to deliver a change of host status for all servers of '
            'the host.', buckets=BUCKETS, registry=registry)
        self._guard_actions = prometheus_client.Counter(
            PREFIX + 'guard_actions',
            'Actions of the guard about locked servers that run.',
            ['action', 'outcome'], registry=registry)
        self._reasons_repaired = prometheus_client.Counter(
            PREFIX + 'reasons_repaired',
            'Reasons of locks that Nova had saved from an older copy.',
            ['outcome'], registry=registry)
        self._begin_at_zero([sinks.NOTIFICATIONS, sinks.LOCK_NOTIFICATIONS,
                             *webhooks])

    def _begin_at_zero(self, all_sinks: Sequence[str]) -> None:
        """Show each counter at once, so that its first rise is one."""
        for counter, values in (
                (self._host_changes, itertools.permutations(STATUSES, 2)),
                (self._announcements, itertools.product(
                    all_sinks, ['sent', 'failed'])),
                (self._guard_actions, itertools.product(
                    ACTIONS, ['found', 'acted', 'failed'])),
                (self._reasons_repaired, [('found',), ('removed',),
                                         ('restored',)])):
            for labels in values:
                counter.labels(*labels)

    def cell_poll_started(self, task: str, cell: str) -> None:
        """Report that a periodic task begins to poll a cell."""
        # 0 until a poll is finished, so that an alert fires for a cell that
        # has been away from the start on, too.
        self._last_polls.labels(task, cell)

    def cell_poll_finished(self, task: str, cell: str) -> None:
        """Report that a periodic task has polled a cell without an error."""
        self._last_polls.labels(task, cell).set_to_current_time()

    def cell_counted(self, cell: str, counts: CellCounts,
                     max_age: float) -> None:
        """Report how many servers and hosts a cell has."""
        self._counts[cell] = _Count(counts, time.monotonic() + max_age)

    def cell_not_counted(self, cell: str) -> None:
        """Report that the servers of a cell could not be counted."""
        self._counts.pop(cell, None)

    def locks_expired(self, cell: str, locks: int, max_age: float) -> None:
        """Report how many locks of a cell's servers are past their end."""
        self._expired[cell] = _Expired(locks, time.monotonic() + max_age)

    def outbox_length(self, entries: int | None,
                      oldest: Mapping[str, float]) -> None:
        """Report the length of the outbox, and its oldest entries."""
        self._outbox = None if entries is None else _Outbox(
            entries, oldest, time.monotonic() + OUTBOX_KEPT_SECONDS)

    def host_status_changed(self, old: str, new: str) -> None:
        """Report that the monitor has recorded a change."""
        self._host_changes.labels(old, new).inc()

    def hosts_held(self, cell: str, hosts: int) -> None:
        """Report how many silent hosts of a cell are not announced yet."""
        self._hosts_held.labels(cell).set(hosts)

    def delivery_finished(self, sink: str, outcome: str) -> None:
        """Report that a change was delivered for one server, or was not."""
        self._announcements.labels(sink, outcome).inc()

    def fan_out_finished(self, seconds: float) -> None:
        """Report that a change was delivered for all servers of a host."""
        self._fan_outs.observe(seconds)

    def guard_acted(self, action: str, outcome: str) -> None:
        """Report what the guard has done about a server."""
        self._guard_actions.labels(action, outcome).inc()

    def reason_repaired(self, outcome: str) -> None:
        """Report that the reason of a lock was repaired, or found."""
        self._reasons_repaired.labels(outcome).inc()

    def describe(self) -> Iterable[Any]:
        """Name the metrics of :meth:`collect`, for the registry."""
        return _families()

    def collect(self) -> Iterator[Any]:
        """Make the metrics that are shown only until they are too old."""
        families = _families()
        (servers, locked, hosts, oldest_locks, expired, length,
         oldest) = families
        now = time.monotonic()
        # A copy, as other threads report meanwhile.
        for cell, (counts, until) in sorted(self._counts.copy().items()):
            if now < until:
                _add(servers, cell, (*STATUSES, NONE), counts.servers)
                _add(locked, cell, HOLDERS, counts.locked)
                _add(hosts, cell, STATUSES, counts.hosts)
                _add(oldest_locks, cell, (), counts.oldest_locks)
        for cell, (locks, until) in sorted(self._expired.copy().items()):
            if now < until:
                expired.add_metric([cell], locks)
        outbox = self._outbox
        if outbox is not None and now < outbox.until:
            length.add_metric([], outbox.entries)
            for sink, changed_at in outbox.oldest.items():
                oldest.add_metric([sink], changed_at)
        yield from families


def _families() -> tuple[Any, ...]:
    return (
        core.GaugeMetricFamily(
            PREFIX + 'servers', 'Servers, by the status of their host.',
            labels=['cell', 'host_status']),
        core.GaugeMetricFamily(
            PREFIX + 'locked_servers',
            'Locked servers, by the holder of the lock.',
            labels=['cell', 'locked_by']),
        core.GaugeMetricFamily(
            PREFIX + 'hosts', 'Hosts with a compute service, by their status.',
            labels=['cell', 'host_status']),
        core.GaugeMetricFamily(
            PREFIX + 'oldest_lock_timestamp_seconds',
            'When the oldest lock was made, by its holder.',
            labels=['cell', 'locked_by']),
        core.GaugeMetricFamily(
            PREFIX + 'expired_locks',
            'Locks of servers whose end has come, and that are not lifted.',
            labels=['cell']),
        core.GaugeMetricFamily(
            PREFIX + 'announcements_owed',
            'Entries in the outbox that are to be delivered.', labels=[]),
        core.GaugeMetricFamily(
            PREFIX + 'oldest_announcement_timestamp_seconds',
            'When the change was made that waits the longest in the outbox.',
            labels=['sink']))


def _add(family: Any, cell: str, labels: Iterable[str],
         counts: Mapping[str, float]) -> None:
    values = {**dict.fromkeys(labels, 0),
              **{label or NONE: value for label, value in counts.items()}}
    for label, value in values.items():
        family.add_metric([cell, label], value)
