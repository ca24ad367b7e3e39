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

import argparse
import datetime
import json

import ddt
import testtools

from nova_lockstatus.osc import lock_history
from nova_lockstatus.osc import lock_set
from nova_lockstatus.utils import duration


@ddt.ddt
class LockTestCase(testtools.TestCase):

    @ddt.data(
        ({'locked': False}, True, None),
        ({'locked': False}, False, None),
        ({}, False, None),
        ({'locked': True, 'locked_reason': 'why'}, False, None),
        ({'locked': True, 'locked_reason': 'x'}, False, 'unlock it first'),
        ({'locked': True, 'locked_by': 'owner', 'locked_reason': 'x'}, True,
         None),
        ({'locked': True, 'locked_by': 'admin', 'locked_reason': 'x'}, True,
         'An administrator holds the lock'))
    @ddt.unpack
    def test_blocked_reason(self, server, replaces_reason, expected):
        found = lock_set.blocked_reason(server, 'why', replaces_reason)
        if expected is None:
            self.assertIsNone(found)
        else:
            self.assertIn(expected, found)

    def actions(self, *names):
        return [{'action': name, 'user_id': 'u%d' % number,
                 'start_time': '2026-11-%02dT12:00:00.000000' % (20 - number)}
                for number, name in enumerate(names)]

    @ddt.data(
        ((), None, None),
        (('reboot', 'create'), None, None),
        (('lock',), '2026-11-20T12:00:00Z', 'u0'),
        # The first of those since the last unlock says since when.
        (('reboot', 'lock', 'lock', 'unlock', 'lock'),
         '2026-11-18T12:00:00Z', 'u1'),
        (('unlock', 'lock'), None, None))
    @ddt.unpack
    def test_lock_in_force(self, names, since, user):
        self.assertEqual(
            {'locked_at': since, 'locked_by_user_id': user},
            lock_history.lock_in_force(
                lock_history.read(self.actions(*names))))

    def test_history_for_people_and_programs(self):
        column = lock_history.HistoryColumn(
            lock_history.read(self.actions('unlock', 'stop', 'lock')))
        self.assertEqual(
            '2026-11-20T12:00:00Z unlock by user u0 of project None\n'
            '2026-11-18T12:00:00Z lock by user u2 of project None',
            column.human_readable())
        self.assertEqual(
            [{'action': 'unlock', 'time': '2026-11-20T12:00:00Z',
              'user_id': 'u0', 'project_id': None, 'request_id': None},
             {'action': 'lock', 'time': '2026-11-18T12:00:00Z',
              'user_id': 'u2', 'project_id': None, 'request_id': None}],
            json.loads(json.dumps(column.machine_readable())))

    @ddt.data(('45m', 45), ('12h', 720), ('30d', 43200), ('2w', 20160))
    @ddt.unpack
    def test_age(self, text, minutes):
        self.assertEqual(datetime.timedelta(
            minutes=minutes), duration.parse(text))

    @ddt.data('', '30', 'd', '-1d', '1.5h', '30 d', '1y', '9999999d')
    def test_no_age(self, text):
        self.assertRaises(argparse.ArgumentTypeError, duration.parse, text)

    def test_longest_age_fits(self):
        self.assertFalse(duration.is_older(
            '2000-01-01T00:00:00Z', duration.parse('999999w'),
            datetime.datetime.now(datetime.timezone.utc)))

    def test_is_older(self):
        now = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        self.assertTrue(duration.is_older('2026-11-20T00:00:00Z', day, now))
        self.assertFalse(duration.is_older('2026-11-20T00:00:01Z', day, now))
        self.assertFalse(duration.is_older(None, day, now))
