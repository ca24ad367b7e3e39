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

"""The metrics, as the official client library of Prometheus has them."""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import prometheus_client
from prometheus_client import core

from nova_lockstatus.core import host_status
from nova_lockstatus.core import server_lock
from nova_lockstatus.events import sinks
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch.guard import decisions

PREFIX = 'nova_lockstatus_'

BUCKETS = (.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)
"""Seconds that it takes to announce a change for all servers of a host."""

OUTBOX_KEPT_SECONDS = 60
"""Seconds after which nobody knows any more how much is to be announced."""

NONE = 'none'
"""The label of a server that is on no host, or on one that Nova has no compute
service of, and of a lock that nobody is recorded to hold."""

STATUSES = tuple(status for status in host_status.VALUES
                 if status != host_status.NONE)

HOLDERS = (server_lock.OWNER, server_lock.ADMIN)

ACTIONS = tuple(
    action.name for action in decisions.ENFORCEMENT_ACTIONS.values())


class _Count(NamedTuple):
    """How many servers a cell has, and until when that may be shown."""

    servers: Mapping[str, int]
    locked: Mapping[str, int]
    until: float


class Prometheus(Metrics):
    """Keeps the metrics, and shows them to who asks the registry.

    What can be counted again is shown only as long as it is known: a cell
    that cannot be read has no series, and none with what it was like before.

    :param registry: where they are shown
    """

    def __init__(self, registry: prometheus_client.CollectorRegistry) -> None:
        self._counts: dict[str, _Count] = {}
        self._outbox: tuple[int, float] | None = None
        registry.register(self)
        self._last_looks = prometheus_client.Gauge(
            PREFIX + 'last_look_timestamp_seconds',
            'When a duty has last finished a look at a cell.',
            ['duty', 'cell'], registry=registry)
        self._host_changes = prometheus_client.Counter(
            PREFIX + 'host_changes',
            'Changes of the status of hosts that no call has made.',
            ['from', 'to'], registry=registry)
        self._announcements = prometheus_client.Counter(
            PREFIX + 'announcements',
            'Announcements to single servers that their host has changed.',
            ['sink', 'outcome'], registry=registry)
        self._fan_outs = prometheus_client.Histogram(
            PREFIX + 'fan_out_seconds',
            'How long it takes to announce a change for all servers of a '
            'host.', buckets=BUCKETS, registry=registry)
        self._guard_actions = prometheus_client.Counter(
            PREFIX + 'guard_actions',
            'What the guard has done about locked servers that run.',
            ['action', 'outcome'], registry=registry)
        # They begin at 0: the first one that comes is an increase.
        for counter, values in (
                (self._host_changes, itertools.permutations(STATUSES, 2)),
                (self._announcements, itertools.product(
                    [sinks.NOTIFICATIONS], ['sent', 'failed'])),
                (self._guard_actions, itertools.product(
                    ACTIONS, ['found', 'acted', 'failed']))):
            for labels in values:
                counter.labels(*labels)

    def looks(self, duty: str, cell: str) -> None:
        """Tell that a look at a cell begins."""
        # 0 until one is finished: a cell that is away from the start on is
        # missed, too.
        self._last_looks.labels(duty, cell)

    def looked(self, duty: str, cell: str) -> None:
        """Tell that a look at a cell is finished."""
        self._last_looks.labels(duty, cell).set_to_current_time()

    def counted(self, cell: str, servers: Mapping[str, int],
                locked: Mapping[str, int], kept: float) -> None:
        """Tell how many servers a cell has."""
        self._counts[cell] = _Count(servers, locked, time.monotonic() + kept)

    def not_counted(self, cell: str) -> None:
        """Tell that nobody knows how many servers a cell has."""
        self._counts.pop(cell, None)

    def outbox_length(self, entries: int | None) -> None:
        """Tell how many changes of hosts are to be announced."""
        self._outbox = (None if entries is None else
                        (entries, time.monotonic() + OUTBOX_KEPT_SECONDS))

    def host_changed(self, old: str, new: str) -> None:
        """Tell that a change of a host was seen that no call has made."""
        self._host_changes.labels(old, new).inc()

    def announced(self, sink: str, outcome: str) -> None:
        """Tell what became of an announcement for one server."""
        self._announcements.labels(sink, outcome).inc()

    def fanned_out(self, seconds: float) -> None:
        """Tell that a change was announced for all servers of a host."""
        self._fan_outs.observe(seconds)

    def guarded(self, action: str, outcome: str) -> None:
        """Tell what the guard has done about a server."""
        self._guard_actions.labels(action, outcome).inc()

    def describe(self) -> Iterable[Any]:
        """Name the metrics of :meth:`collect`, for the registry."""
        return _families()

    def collect(self) -> Iterator[Any]:
        """Make the metrics that are shown only as long as they are known."""
        servers, locked, waiting = _families()
        now = time.monotonic()
        # Other threads count meanwhile.
        for cell, count in sorted(self._counts.copy().items()):
            if now < count.until:
                _add(servers, cell, (*STATUSES, NONE), count.servers)
                _add(locked, cell, HOLDERS, count.locked)
        known = self._outbox
        if known is not None and now < known[1]:
            waiting.add_metric([], known[0])
        yield from (servers, locked, waiting)


def _families() -> tuple[Any, Any, Any]:
    return (
        core.GaugeMetricFamily(
            PREFIX + 'servers', 'Servers, by the status of their host.',
            labels=['cell', 'host_status']),
        core.GaugeMetricFamily(
            PREFIX + 'locked_servers',
            'Locked servers, by who holds the lock.',
            labels=['cell', 'locked_by']),
        core.GaugeMetricFamily(
            PREFIX + 'announcements_owed',
            'Changes of hosts that are to be announced yet.', labels=[]))


def _add(family: Any, cell: str, labels: Iterable[str],
         counts: Mapping[str, int]) -> None:
    values = {**dict.fromkeys(labels, 0),
              **{label or NONE: value for label, value in counts.items()}}
    for label, value in values.items():
        family.add_metric([cell, label], value)
