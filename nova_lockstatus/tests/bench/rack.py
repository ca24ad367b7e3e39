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

"""Measures how soon the servers of a rack are told that it has failed."""

import statistics
import time

import psutil

from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import listener
from nova_lockstatus.tests.integration.cloud import nova_config
from nova_lockstatus.tests.integration.cloud import processes
from nova_lockstatus.tests.integration.cloud import rows

LOST = 'rack lost, %s'

BACK = 'rack back, %s'

TARGETS = {1: {'first': 2.0, 'last': 6.0}}
"""Seconds after ``service_down_time`` in which the last host of 100 is to have
its first notification, and the last of 5,000 servers, by the number of
watches."""

FULL_SIZE = 5000
"""The number of servers that the targets are for."""

_TIMEOUT = 120


def watches(count):
    """Name a number of watches."""
    return 'one watch' if count == 1 else '%d watches' % count


class Rack:
    """Hosts of two cells that fail together, beside one that does not.

    :param hosts: how many in each cell
    :param servers: how many on each host
    """

    def __init__(self, cloud, heard, hosts, servers):
        self._cloud = cloud
        self._heard = heard
        self._hosts = hosts
        self._servers = servers
        self._cells = [cloud.name + cell for cell in nova_config.CELLS]

    def __enter__(self):
        for schema in self._cells:
            prefix = '%s%s-' % (rows.PREFIX, schema)
            for number in range(self._hosts):
                rows.add_servers(schema, '%s%d' % (prefix, number),
                                 self._servers)
            rows.add_hosts(schema, self._hosts, prefix)
        return self

    def __exit__(self, *_exc):
        for schema in self._cells:
            rows.remove_servers(schema)
            rows.remove_hosts(schema)

    def measure(self, names, runs):
        """Measure with some watches, which run already.

        :param names: of the watches
        :param runs: how often
        :returns: a row for the loss and one for the return of the rack
        """
        self._wait_for_status('UP')
        lost, back = [], []
        for _ in range(runs):
            lost.append(self._change(
                names, 'UNKNOWN', nova_config.DOWN_TIME + 1))
            back.append(self._change(
                names, 'UP', 1 - nova_config.DOWN_TIME))
        return [{'what': what % watches(len(names)),
                 'servers': self._everybody,
                 **dict(zip(('first', 'last', 'cpu'), zip(*times)))}
                for what, times in ((LOST, lost), (BACK, back))]

    @property
    def _everybody(self):
        return len(self._cells) * self._hosts * self._servers

    def revive(self):
        """Have all hosts alive, as long as can be: none of them reports."""
        self._silence(1 - nova_config.DOWN_TIME)

    def _silence(self, seconds):
        for schema in self._cells:
            rows.silence_hosts(schema, seconds)

    def _change(self, names, status, silent):
        """Change all hosts within a second.

        :param silent: for how many seconds they have not reported
        :returns: the seconds until the last host has its first notification,
            and until the last notification, and the CPU seconds of the watches
        """
        self._heard.forget()
        heard = self._heard.heard[listener.EVENT]
        those = self._processes(names)
        worked = _worked(those)
        self._silence(silent)
        began = time.time()
        self._wait(lambda: len(heard) >= self._everybody,
                   lambda: '%d of %d servers were told' % (
                       len(heard), self._everybody))
        self._wait_for_status(status)
        self._wait(lambda: engines.select(
            self._cloud.name + 'store',
            'SELECT count(*) FROM announcements') == [0],
            lambda: 'something is owed')
        first = {}
        for at, _, data in heard:
            first.setdefault(data['change_id'], at)
        return (max(first.values()) - began,
                max(one.at for one in heard) - began,
                _worked(those) - worked)

    def _processes(self, names):
        mains = [psutil.Process(self._cloud.processes.pid(name))
                 for name in names]
        return [process for main in mains
                for process in (main, *main.children())]

    def _wait_for_status(self, status):
        statement = (
            "SELECT count(*) FROM host_statuses WHERE status = '%s' AND "
            "host LIKE '%s%%%%'" % (status, rows.PREFIX))
        self._wait(lambda: engines.select(
            self._cloud.name + 'store', statement) == [
                len(self._cells) * self._hosts],
            lambda: 'not all hosts are known as ' + status)

    def _wait(self, condition, problem):
        deadline = time.monotonic() + _TIMEOUT
        while not condition():
            self._cloud.processes.check()
            if time.monotonic() > deadline:
                raise processes.Broken(problem())
            time.sleep(0.02)


def _worked(those):
    times = [process.cpu_times() for process in those]
    return sum(time.user + time.system for time in times)


def targets(row):
    """Return what a row is to reach, in seconds."""
    for count, limits in TARGETS.items():
        if row['what'] == LOST % watches(count) and (
                row['servers'] == FULL_SIZE):
            return limits
    return {}


def render(told):
    """Make text of the CPU that the rows took.

    :param told: rows, those of a rack among them
    """
    return ['%s: %.1f seconds of CPU, %d messages a second' % (
        row['what'], statistics.median(row['cpu']),
        row['servers'] / statistics.median(row['last']))
        for row in told if 'cpu' in row]


def missed(told):
    """Tell whether two watches are not faster than one."""
    last = {row['what']: statistics.median(row['last']) for row in told}
    one, two = (last.get(LOST % watches(count)) for count in (1, 2))
    if one is None or two is None or two < one:
        return []
    return ['%s: the last is told after %.3f s, to be below %.3f' % (
        LOST % watches(2), two, one)]
