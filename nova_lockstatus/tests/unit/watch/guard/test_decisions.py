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


import datetime

import testtools

from nova_lockstatus.utils import backoff
from nova_lockstatus.watch.guard import decisions

NOW = datetime.datetime(2026, 11, 21, 12)


def row(vm_state='suspended', **kwargs):
    values = {'id': 1, 'uuid': 'u', 'host': 'compute1', 'task_state': None}
    return decisions.ServerRow(vm_state=vm_state, **{**values, **kwargs})


class EnforcementActionTestCase(testtools.TestCase):

    def test_by_the_state_that_it_should_have(self):
        for vm_state, expected in (
                ('suspended', ('suspend', 'suspending', 'suspend')),
                ('stopped', ('stop', 'powering-off', 'power_off')),
                ('paused', ('pause', 'pausing', 'pause'))):
            action = decisions.enforcement_action(row(vm_state))
            self.assertEqual(vm_state, action.vm_state)
            self.assertEqual(expected, (
                action.name, action.task_state, action.notification_action))

    def test_nothing_to_do(self):
        for vm_state in ('active', 'error', 'rescued', 'resized', 'shelved',
                         'building', 'soft-delete', None):
            self.assertIsNone(decisions.enforcement_action(row(vm_state)))

    def test_what_nova_compute_failed_at(self):
        for vm_state in ('error', 'active'):
            action = decisions.enforcement_action(
                row(vm_state, unfinished_action='suspend'))
            self.assertEqual('suspended', action.vm_state)
        self.assertIsNone(decisions.enforcement_action(
            row('rescued', unfinished_action='suspend')))
        # The guard, whose actions alone are unfinished, does not reboot.
        self.assertIsNone(decisions.enforcement_action(
            row('error', unfinished_action='reboot')))

    def test_state_counts_more_than_what_failed(self):
        self.assertEqual('stop', decisions.enforcement_action(
            row('stopped', unfinished_action='suspend')).name)


class ActionUnderWayTestCase(testtools.TestCase):

    def test_own(self):
        self.assertEqual('suspended', decisions.action_under_way(row(
            task_state='suspending', unfinished_action='suspend')).vm_state)

    def test_of_somebody_else(self):
        for task_state, name in (('suspending', None), ('rebooting', 'stop'),
                                 ('pausing', 'suspend'), (None, 'suspend')):
            self.assertIsNone(decisions.action_under_way(
                row(task_state=task_state, unfinished_action=name)))


class DelayTestCase(testtools.TestCase):

    def test_doubles_up_to_the_longest(self):
        self.assertEqual([0, 60, 120, 240, 480, 600, 600], [
            backoff.delay(times, 60, 600) for times in range(7)])

    def test_any_number_of_times(self):
        self.assertEqual(600, backoff.delay(10 ** 9, 60, 600))

    def test_longest_is_shorter_than_the_first(self):
        self.assertEqual(5, backoff.delay(1, 60, 5))


class DueTestCase(testtools.TestCase):

    def is_due(self, seconds, failed):
        return decisions.is_due(row(
            failed_attempts=failed, newest_action_id=1,
            attempted_at=NOW - datetime.timedelta(seconds=seconds)),
            NOW, (60, 600))

    def test_at_once_where_nothing_failed(self):
        self.assertTrue(self.is_due(0, 0))
        self.assertTrue(decisions.is_due(row(), NOW, (60, 600)))

    def test_after_the_pause(self):
        self.assertFalse(self.is_due(59, 1))
        self.assertTrue(self.is_due(60, 1))
        self.assertFalse(self.is_due(119, 2))
        self.assertTrue(self.is_due(120, 2))
        self.assertTrue(self.is_due(600, 99))

    def test_clock_was_set_back(self):
        self.assertTrue(self.is_due(-1, 5))
