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

"""One database that hangs does not hold up the looks at others."""

import itertools
import threading
import time

import fixtures
import testtools
from nova import context as nova_context
from nova import objects
from oslo_utils import uuidutils

from nova_lockstatus.gateway import cells
from nova_lockstatus.utils import log_once
from nova_lockstatus.watch import host_status_monitor

INTERVAL = 0.1

# Seconds. On a machine that has nothing else to do it is less than a half.
SOON = 2


class CellsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.stop = threading.Event()
        self.goes_on = threading.Event()
        self.mappings = [self.cell('good'), self.cell('bad')]
        self.read = lambda: self.mappings
        self.useFixture(fixtures.MonkeyPatch(
            'nova.objects.CellMappingList.get_all',
            lambda cls, context: self.read()))
        self.times = {'good': [], 'bad': []}
        self.before = threading.enumerate()
        self.addCleanup(self.end)

    def end(self):
        """Let what hangs end, and log, before another test begins."""
        self.goes_on.set()
        for thread in threading.enumerate():
            if thread not in self.before:
                thread.join(30)

    def cell(self, name):
        return objects.CellMapping(uuid=uuidutils.generate_uuid(), name=name)

    def hang(self):
        self.goes_on.wait(30)
        raise OSError('timed out')

    def look(self, cell):
        self.times[cell.name].append(time.monotonic())

    def look_in_vain(self, cell):
        self.look(cell)
        if cell.name == 'bad':
            self.hang()

    def longest(self, look, kept, rounds):
        """Look again and again, as the duty does.

        :returns: the longest time between two looks at the good cell
        """
        looks = cells.CellRunner('looks', kept)
        for _ in range(rounds):
            looks.each(look, self.stop, host_status_monitor.CELLS_TIMEOUT)
            time.sleep(INTERVAL)
        times = self.times['good']
        self.assertEqual(rounds, len(times))
        return max(later - earlier for earlier, later
                   in itertools.pairwise(times))

    def test_cell_that_hangs(self):
        self.assertLess(
            self.longest(self.look_in_vain, cells.LIST_KEPT_SECONDS, 4), SOON)
        self.assertEqual(1, len(self.times['bad']))

    def test_list_that_hangs(self):
        """Its cells are those that were known before."""
        reads = []

        def read():
            reads.append(True)
            if len(reads) > 1:
                self.hang()
            return self.mappings

        self.read = read
        self.assertLess(self.longest(self.look, 0, 4), SOON)
        self.assertEqual(2, len(reads))

    def test_list_that_comes_late(self):
        """It is not read anew for that."""
        def read():
            self.goes_on.wait(30)
            return self.mappings

        self.read = read
        looks = cells.CellRunner('looks', cells.LIST_KEPT_SECONDS)
        looks.each(self.look, self.stop, 0.05)
        self.assertEqual([], self.times['good'])
        self.goes_on.set()
        deadline = time.monotonic() + 30
        while not self.times['good']:
            self.assertLess(time.monotonic(), deadline)
            looks.each(self.look, self.stop, 0.05)

    def test_list_that_cannot_be_read(self):
        looks = cells.CellRunner('looks')
        looks.each(self.look, self.stop, 30)

        def fail():
            raise OSError('refused')

        self.read = fail
        looks.each(self.look, self.stop, 30)
        self.assertEqual(2, len(self.times['good']))
        self.assertIn('The list of cells cannot be read (task: looks): '
                      'OSError: refused', self.log.output)


class LogTestCase(testtools.TestCase):
    """What a log says of a cell."""

    CELL = objects.CellMapping(
        uuid='5b21e6cf-6b5a-4d9a-8f0f-5f6d1b0e9a11', name='cell1')
    LABEL = 'cell1 (5b21e6cf-6b5a-4d9a-8f0f-5f6d1b0e9a11)'

    def test_label(self):
        self.assertEqual(self.LABEL, cells.label(self.CELL))
        self.assertEqual(self.CELL.uuid, cells.label(
            objects.CellMapping(uuid=self.CELL.uuid, name=None)))

    def test_once_for_each_time_that_it_is_away(self):
        log = self.useFixture(fixtures.FakeLogger())
        once = log_once.LogOnce()
        away = nova_context.did_not_respond_sentinel
        for result, lines in (
                ([], 0), (away, 1), (away, 1), (OSError('refused'), 2),
                (OSError('refused'), 2), ([], 3), ([], 3), (away, 4)):
            self.assertEqual(
                isinstance(result, list), cells.check_read(
                    once, 'Cell %s is left out', self.CELL, result))
            self.assertEqual(lines, log.output.count(
                'Cell %s is left out: ' % self.LABEL), log.output)


class EachHostTestCase(testtools.TestCase):

    class Row:
        def __init__(self, host):
            self.host = host

    def test_each_once_and_so_many_at_a_time(self):
        lock, busy, most, done = threading.Lock(), set(), [], []
        barrier = threading.Barrier(3, timeout=10)

        def work(host, rows):
            with lock:
                busy.add(host)
                most.append(len(busy))
            barrier.wait()
            with lock:
                busy.remove(host)
                done.append((host, len(rows)))

        cells.each_host([self.Row('host%d' % (number % 6))
                         for number in range(12)], work, 3)
        self.assertEqual([('host%d' % number, 2) for number in range(6)],
                         sorted(done))
        self.assertEqual(3, max(most))

    def test_none(self):
        cells.each_host([], self.fail, 3)
