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

"""Hosts that are alive are not lost because of an outage."""

import datetime

import testtools
from nova.conf import CONF
from oslo_config import fixture
from oslo_utils import timeutils

from nova_lockstatus.watch import outage_grace

CELLS = {'cell1': ('a', 'b', 'c', 'd'), 'cell2': ('e',)}

DOWN_TIME = 60


class OutageTestCase(testtools.TestCase):
    """A cloud whose clock the test sets, and whose hosts report."""

    def setUp(self):
        super().setUp()
        self.useFixture(fixture.Config(CONF)).config(
            service_down_time=DOWN_TIME, report_interval=10,
            servicegroup_driver='db')
        self.now = 0
        self.began = timeutils.utcnow()
        self.dead = set()
        self.unreadable = set()
        self.reports = {host: self.utc() for hosts in CELLS.values()
                        for host in hosts}
        self.grace = self.restart()

    def restart(self):
        return outage_grace.OutageGrace(CONF, lambda: self.now)

    def utc(self):
        return self.began + datetime.timedelta(seconds=self.now)

    def poll(self):
        """Return the hosts that seem to be lost."""
        found = {}
        for cell, hosts in CELLS.items():
            if cell in self.unreadable:
                continue
            self.grace.observe(cell, cell, {
                host: self.reports[host] for host in hosts})
            found.update(self.grace.effective_statuses(
                cell, dict.fromkeys(hosts, 'UP'), {
                    host: 'UNKNOWN' if (self.utc() - self.reports[host]
                                        ).total_seconds() > DOWN_TIME
                    else 'UP' for host in hosts}))
        return ''.join(sorted(host for host, status in found.items()
                              if status == 'UNKNOWN'))

    def pass_by(self, seconds, silent=''):
        """Have time pass, in which all report but those that are silent.

        :returns: the hosts that seemed to be lost, in each second
        """
        lost = []
        for _ in range(seconds):
            self.now += 1
            for number, host in enumerate(self.reports):
                if (host not in {*silent, *self.dead}
                        and self.now % 10 == number):
                    self.reports[host] = self.utc()
            lost.append(self.poll())
        return lost

    def test_no_outage(self):
        self.assertEqual({''}, set(self.pass_by(200)))
        # One host, all of a cell that has one, and all but one.
        for dead in ('a', 'e', 'bcd'):
            lost = self.pass_by(75, dead)
            self.assertEqual(dead, lost[-1])
            self.assertEqual('', lost[45])
            self.assertEqual('', self.pass_by(10)[-1])

    def test_broker_that_is_away(self):
        for seconds in (40, 59, 61, 200, 500):
            self.pass_by(30)
            self.assertEqual({''}, set(self.pass_by(seconds, 'abcde')))
            # They come back one after the other.
            self.assertEqual({''}, set(self.pass_by(40, 'abc')))
            self.assertEqual({''}, set(self.pass_by(60)))

    def test_broker_of_a_cell(self):
        self.pass_by(30)
        self.assertEqual({''}, set(self.pass_by(200, 'abcd')))
        self.assertEqual({''}, set(self.pass_by(60)))

    def test_really_dead(self):
        self.pass_by(30)
        self.dead = {'b'}
        self.assertEqual({''}, set(self.pass_by(200, 'abcde')))
        lost = self.pass_by(75)
        self.assertEqual({''}, set(lost[:58]))
        self.assertEqual({'b'}, set(lost[-5:]))

    def test_another_one_dies_after_the_outage(self):
        self.pass_by(30)
        self.pass_by(100, 'abcde')
        self.pass_by(75)
        lost = self.pass_by(75, 'c')
        self.assertEqual({'c'}, set(lost[-5:]))

    def test_all_are_dead(self):
        """It is told some day, though nobody can know."""
        self.pass_by(30)
        self.assertEqual({''}, set(self.pass_by(10 * DOWN_TIME, 'abcde')))
        self.assertEqual('abcde', self.pass_by(DOWN_TIME + 5, 'abcde')[-1])

    def test_database_that_is_away(self):
        self.pass_by(30)
        for seconds in (40, 300):
            self.unreadable = {'cell1'}
            self.assertEqual({''}, set(self.pass_by(seconds, 'abcd')))
            self.unreadable = set()
            self.assertEqual({''}, set(self.pass_by(40, 'bcd')))
            self.assertEqual({''}, set(self.pass_by(60)))
        self.unreadable = {'cell1'}
        self.pass_by(100, 'abcd')
        self.unreadable = set()
        lost = self.pass_by(75, 'd')
        self.assertEqual({''}, set(lost[:58]))
        self.assertEqual({'d'}, set(lost[-5:]))

    def test_watch_starts_in_the_outage(self):
        self.pass_by(30)
        self.pass_by(100, 'abcde')
        self.began -= datetime.timedelta(seconds=self.now)
        for host in self.reports:
            self.reports[host] -= datetime.timedelta(seconds=self.now)
        self.grace = self.restart()
        self.assertEqual('', self.poll())
        self.assertEqual({''}, set(self.pass_by(40, 'abc')))
        self.assertEqual({''}, set(self.pass_by(60)))

    def test_watch_starts_without_an_outage(self):
        self.pass_by(30)
        self.pass_by(100, 'b')
        self.began -= datetime.timedelta(seconds=self.now)
        for host in self.reports:
            self.reports[host] -= datetime.timedelta(seconds=self.now)
        self.grace = self.restart()
        self.assertEqual('b', self.poll())

    def test_heartbeats_in_memcached(self):
        """Those in the database tell nothing then."""
        CONF.set_override('servicegroup_driver', 'mc')
        self.assertEqual('abcde', self.pass_by(70, 'abcde')[-1])
