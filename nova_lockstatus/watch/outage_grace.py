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

"""Decides whether hosts are lost, or only could not report.

While a message broker or a database is away, hosts that are alive cannot
report, or the watch cannot read that they do. Some of them have been silent
for longer than ``service_down_time`` when it is back. They get a grace of one
``service_down_time`` from then on to report again.
"""

import dataclasses
import datetime
import math
import time
from collections.abc import Callable, Mapping, Sequence

from oslo_config import cfg
from oslo_utils import timeutils

from nova_lockstatus.core import host_status
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

MAX_OUTAGE_DOWN_TIMES = 10
"""For how many service_down_time a silence of all hosts is an outage. They
count as lost then: their owners are to be told some day."""

MIN_SILENT_HOSTS = 2
"""How many hosts have to fall silent together. One alone may have died."""


Reports = Mapping[str, datetime.datetime | None]
"""The time of the last report of each host, in UTC without a time zone."""


@dataclasses.dataclass
class _Cell:
    """What the last poll of a cell has found.

    The times are those of time.monotonic(), if nothing else is said.

    :param read_at: when that was
    :param reports: the last reports of its hosts, in UTC
    :param newest: the newest of them
    :param reported_at: when that one came
    :param grace_until: the end of the grace
    """

    read_at: float
    reports: Sequence[datetime.datetime]
    newest: datetime.datetime | None
    reported_at: float
    grace_until: float = -math.inf


class OutageGrace:
    """Gives the hosts of a cell time to report again after an outage.

    An outage is a time in which the cell was not read, or in which hosts have
    fallen silent together, and no host has reported since: no host of the
    cell, or, as one alone may have died, no host of any cell.

    :param clock: as time.monotonic()
    """

    def __init__(self, conf: cfg.ConfigOpts,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._conf = conf
        self._clock = clock
        self._cells: dict[str, _Cell] = {}

    @property
    def _outage_seconds(self) -> float:
        """Return the seconds after which a silence is an outage.

        Hosts that are alive are not lost after a shorter one: two thirds of
        the time are left to connect again.
        """
        return float(max(self._conf.service_down_time / 3,
                         2 * self._conf.report_interval))

    def observe(self, cell: str, name: str, reports: Reports) -> None:
        """Note the result of a poll of a cell.

        :param cell: the uuid of the cell
        :param name: its name and uuid, for the log
        """
        # NOTE: memcached keeps the reports of the other driver.
        times = ([] if self._conf.servicegroup_driver != 'db' else
                 [at for at in reports.values() if at is not None])
        now = self._clock()
        before = self._cells.get(cell)
        newest = max(times, default=None)
        found = self._cells[cell] = _Cell(
            now, times, newest, self._reported_at(before, newest, now))
        problem = None
        if before is not None:
            found.grace_until = before.grace_until
            if now - before.read_at > self._outage_seconds:
                problem = 'It was not read for %s' % duration.in_seconds(
                    now - before.read_at)
        if self._is_silent([found], now) or self._is_silent(
                [one for one in self._cells.values()
                 if now - one.read_at <= self._outage_seconds], now):
            problem = 'No host has reported for %s' % duration.in_seconds(
                now - found.reported_at)
        if problem is not None:
            self._begin(found, now, name, problem)

    def _begin(self, found: _Cell, now: float, name: str, problem: str
               ) -> None:
        if now >= found.grace_until:
            LOG.warning(
                'Cell %s: %s. Hosts that do not report are not announced as '
                'UNKNOWN before service_down_time, %s, has passed since the '
                'first report.', name, problem,
                duration.in_seconds(self._conf.service_down_time))
        found.grace_until = now + self._conf.service_down_time

    @staticmethod
    def _reported_at(before: _Cell | None, newest: datetime.datetime | None,
                     now: float) -> float:
        if newest is None:
            return now
        if before is None:
            # The outage may have begun before this process.
            age = (timeutils.utcnow() - newest).total_seconds()
            return now - max(0, age)
        if before.newest is None or newest > before.newest:
            return now
        return before.reported_at

    def _is_silent(self, cells: Sequence[_Cell], now: float) -> bool:
        """Tell whether the hosts of some cells are silent for an outage."""
        seconds = self._outage_seconds
        silence = min((now - one.reported_at for one in cells), default=0)
        longest = MAX_OUTAGE_DOWN_TIMES * self._conf.service_down_time
        if not seconds < silence <= longest:
            return False
        times = [at for one in cells for at in one.reports]
        if not times:
            return False
        since = max(times) - datetime.timedelta(seconds=seconds)
        return sum(at >= since for at in times) >= MIN_SILENT_HOSTS

    def effective_statuses(self, cell: str, known: Mapping[str, str],
                           found: Mapping[str, str]) -> dict[str, str]:
        """Keep the status of hosts that may not be lost.

        :param cell: the uuid of the cell, after :meth:`observe`
        :param found: the status that Nova finds now, by host
        """
        if self._clock() >= self._cells[cell].grace_until:
            return dict(found)
        return {host: known.get(host, status)
                if status == host_status.UNKNOWN else status
                for host, status in found.items()}
