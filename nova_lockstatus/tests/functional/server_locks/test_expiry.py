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

"""Locks whose end has come."""

import datetime
import time

from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import server_locks_case as case


class ExpiryTestCase(case.ServerLocksTestCase):

    def lock_for_a_second(self, token='owner', **keys):
        until = timeutils.utcnow() + datetime.timedelta(seconds=1)
        self.set_lock(token, locked_until=until.isoformat() + 'Z', **keys)
        time.sleep(1.1)

    def test_stays_in_force_without_release(self):
        self.lock_for_a_second(locked_reason='why')
        self.assertEqual(409, self.act({'os-stop': None}).status_code)
        shown = self.show(self.server_id)
        self.assertTrue(shown['locked'])
        self.assertLessEqual(shown['locked_until'], case.in_time())

    def test_first_call_that_meets_it_lifts_it(self):
        self.lock_for_a_second(locked_reason='why', release=True)
        self.nova.services.notifier.reset()
        answer = self.act({'os-stop': None})
        self.assertEqual(202, answer.status_code, answer.text)
        self.assertEqual((False, None, None), self.columns())
        self.assertEqual({}, self.rows())
        self.assertEqual(['lock', 'unlock'], self.actions())
        self.assertEqual(
            ['instance.unlock', 'lockstatus.unlock'],
            [sent['event_type'] for sent
             in self.nova.services.notifier.versioned_notifications
             if 'lock' in sent['event_type']])
        actions = self.nova.request(
            'GET', '/v2.1/servers/%s/os-instance-actions' % self.server_id,
            'owner').json['instanceActions']
        self.assertEqual(
            {'lock': identity.OWNER.user_id, 'unlock': None},
            {action['action']: action['user_id'] for action in actions
             if 'lock' in action['action']})

    def test_who_may_not_make_the_call_lifts_nothing(self):
        self.lock_for_a_second(release=True)
        self.assertEqual(403, self.act(
            {'os-stop': None}, 'reader').status_code)
        self.assertEqual((True, 'owner', None), self.columns())

    def test_reading_shows_it_as_lifted_and_writes_nothing(self):
        self.lock_for_a_second(locked_reason='why', release=True)
        rows = self.rows()
        for microversion in ('2.1', '2.73', '2.90'):
            shown = self.show(self.server_id, microversion=microversion)
            self.assertEqual((False, None, None, None), (
                shown['locked'], shown['locked_by'], shown['locked_reason'],
                shown['locked_until']))
        self.assertEqual((True, 'owner', 'why'), self.columns())
        self.assertEqual(rows, self.rows())

    def test_protection_that_ends(self):
        self.lock_for_a_second(level='delete', release=True)
        for shown in (self.show(self.server_id),
                      self.detail()[self.server_id]):
            self.assertFalse(shown['delete_protected'])
        self.assertEqual(204, self.nova.request(
            'DELETE', '/v2.1/servers/' + self.server_id,
            'owner').status_code)

    def test_another_lock_is_left(self):
        self.set_lock('member', locked_reason='stays')
        self.lock_for_a_second('admin', release=True)
        answer = self.act({'os-stop': None})
        self.assertEqual(409, answer.status_code)
        self.assertEqual(
            'Instance %s is locked by owner: stays' % self.server_id,
            answer.json['conflictingRequest']['message'])
        self.assertEqual((True, 'owner', 'stays'), self.columns())
        self.assertEqual(['lock', 'lock', 'lift_lock'], self.actions())

    def test_lock_and_unlock_drop_what_has_ended(self):
        self.lock_for_a_second('admin', release=True)
        self.set_lock('owner', locked_reason='new')
        self.assertEqual((True, 'owner', 'new'), self.columns())
        self.unlock('owner')
        self.lock_for_a_second('admin', release=True)
        self.unlock('owner')
        self.assertEqual((False, None, None), self.columns())

    def test_clock_of_an_api_host_that_is_ahead(self):
        """The clock of the database counts."""
        self.set_lock(locked_until=case.in_time(seconds=20), release=True)
        ahead = timeutils.utcnow() + datetime.timedelta(seconds=30)
        with time_fixture.TimeFixture(ahead):
            answer = self.act({'os-stop': None})
        self.assertEqual(409, answer.status_code)
        self.assertEqual((True, 'owner', None), self.columns())

    def test_restart_makes_no_difference(self):
        """What is stored tells the end, and nothing in the process."""
        self.set_lock(locked_until=case.in_time(days=1), release=True)
        record, = self.records()
        self.assertTrue(record.release)
        self.assertIsNotNone(record.until)
