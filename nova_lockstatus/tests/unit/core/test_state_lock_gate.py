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

import itertools

import testtools
from nova.objects import instance

from nova_lockstatus.core.state_lock_gate import CREATE
from nova_lockstatus.core.state_lock_gate import SWAP
from nova_lockstatus.core.state_lock_gate import LockGate
from nova_lockstatus.core.state_lock_gate import LockUnreadable
from nova_lockstatus.core.state_lock_gate import NewServersGate
from nova_lockstatus.core.state_lock_gate import RefusedByLock
from nova_lockstatus.core.state_lock_gate import ServerLocksGate

RULE = 'os_compute_api:servers:update'


def server(uuid='a', **columns):
    return instance.Instance(uuid=uuid, **columns)


class GuardTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.asked = []

    def guard(self, bypass=False, is_exempt=False, body=None,
              read_others=tuple):
        def may_bypass(server):
            self.asked.append(server.uuid)
            return bypass

        return LockGate(is_exempt, may_bypass, body, read_others)

    def test_unlocked(self):
        guard = self.guard()
        guard.read(server(locked=False))
        guard.passed(RULE)
        self.assertEqual([], self.asked)
        self.assertFalse(guard.bypasses('a'))

    def test_decides_when_both_have_happened(self):
        locked = server(locked=True)
        guard = self.guard()
        guard.read(locked)
        self.assertEqual([], self.asked)
        error = self.assertRaises(RefusedByLock, guard.passed, RULE)
        self.assertIs(locked, error.server)
        guard = self.guard()
        guard.passed(RULE)
        self.assertRaises(RefusedByLock, guard.read, locked)

    def test_each_server(self):
        guard = self.guard()
        guard.passed(RULE)
        guard.read(server(locked=False))
        error = self.assertRaises(
            RefusedByLock, guard.read, server('b', locked=True))
        self.assertEqual('b', error.server.uuid)

    def test_decides_once_for_a_server(self):
        guard = self.guard()
        guard.read(server(locked=False))
        guard.passed(RULE)
        guard.read(server(locked=True))
        guard.passed(RULE)

    def test_others_are_read_once_when_the_rule_has_let_pass(self):
        read = []

        def read_others():
            read.append(1)
            return [server(locked=False), server('b', locked=True)]

        for bypass in (False, True):
            guard = self.guard(bypass=bypass, read_others=read_others)
            self.assertEqual([], read)
            if bypass:
                guard.passed(RULE)
                guard.passed(RULE)
                self.assertTrue(guard.bypasses('b'))
            else:
                error = self.assertRaises(
                    RefusedByLock, guard.passed, RULE)
                self.assertEqual('b', error.server.uuid)
            self.assertEqual([1], read)
            read.clear()
        self.guard(is_exempt=True, read_others=read_others).passed(RULE)
        self.assertEqual([], read)

    def test_bypass(self):
        guard = self.guard(bypass=True)
        guard.passed(RULE)
        guard.read(server(locked=True))
        guard.read(server('b', locked=False))
        self.assertEqual(['a'], self.asked)
        self.assertTrue(guard.bypasses('a'))
        self.assertFalse(guard.bypasses('b'))

    def test_exempt(self):
        for bypass in (False, True):
            guard = self.guard(bypass=bypass, is_exempt=True)
            guard.passed(RULE)
            guard.read(server(locked=True))
            # Nova's own check, if it has one, is passed by who may.
            self.assertEqual(bypass, guard.bypasses('a'))

    def test_no_word_of_a_lock(self):
        guard = self.guard(bypass=True)
        guard.passed(RULE)
        self.assertRaises(LockUnreadable, guard.read, server())
        guard = self.guard(is_exempt=True)
        guard.passed(RULE)
        guard.read(server())

    def test_swap(self):
        volume = {'volumeId': 'v'}
        for rule, more, passes in (
                (SWAP, {}, True), (RULE, {}, False),
                (SWAP, {'delete_on_termination': True}, False),
                (SWAP, {'delete_on_termination': False}, False),
                (SWAP, {'tag': 'x'}, True)):
            guard = self.guard(body={'volumeAttachment': volume | more})
            guard.read(server(locked=True))
            if passes:
                guard.passed(rule)
                self.assertFalse(guard.bypasses('a'))
            else:
                self.assertRaises(RefusedByLock, guard.passed, rule)

    def test_has_read(self):
        guard = self.guard()
        self.assertFalse(guard.has_read)
        guard.passed(RULE)
        self.assertFalse(guard.has_read)
        guard.read(server(locked=False))
        self.assertTrue(guard.has_read)

    def test_no_order_of_events_lets_a_locked_server_through(self):
        locked, unlocked = server(locked=True), server('b', locked=False)
        events = {'rule': lambda guard: guard.passed(RULE),
                  'locked': lambda guard: guard.read(locked),
                  'unlocked': lambda guard: guard.read(unlocked)}
        for order in itertools.permutations(events):
            guard = self.guard()

            def run(guard=guard, order=order):
                for event in order:
                    events[event](guard)

            self.assertRaises(RefusedByLock, run)

    def test_nova_cannot_take_it_for_an_error_of_its_own(self):
        for stop in (RefusedByLock, LockUnreadable):
            self.assertFalse(issubclass(stop, Exception))


class OnBypassTestCase(testtools.TestCase):

    def bypassed(self, is_exempt=False, rule=RULE, body=None, locked=True):
        """Return the servers of which a bypass was noted."""
        noted = []
        gate = LockGate(is_exempt, lambda server: True, body,
                        on_bypass=lambda server: noted.append(server.uuid))
        gate.passed(rule)
        gate.read(server(locked=locked))
        self.assertEqual(locked, gate.bypasses('a'))
        return noted

    def test_only_where_the_lock_would_refuse(self):
        self.assertEqual(['a'], self.bypassed())
        self.assertEqual([], self.bypassed(locked=False))
        self.assertEqual([], self.bypassed(is_exempt=True))
        self.assertEqual([], self.bypassed(
            rule=SWAP, body={'volumeAttachment': {}}))

    def test_what_it_raises_refuses_the_call(self):
        def fail(server):
            raise LockUnreadable

        gate = LockGate(False, lambda server: True, on_bypass=fail)
        gate.passed(RULE)
        self.assertRaises(LockUnreadable, gate.read, server(locked=True))
        self.assertFalse(gate.bypasses('a'))


class ServerLocksGateTestCase(testtools.TestCase):

    def test_checks_each_server_once(self):
        checked = []
        gate = ServerLocksGate(
            lambda server, rule: checked.append((server.uuid, rule)),
            lambda: [server('c'), server('a')])
        gate.read(server('a'))
        self.assertEqual([], checked)
        gate.passed(RULE)
        gate.read(server('b'))
        gate.passed('another')
        self.assertEqual([('a', RULE), ('c', RULE), ('b', RULE)], checked)

    def test_others_are_not_read_before_a_rule_let_pass(self):
        read = []

        def read_others():
            read.append(1)
            return []

        gate = ServerLocksGate(lambda server, rule: None, read_others)
        gate.read(server('a'))
        self.assertEqual([], read)


class NewServersGateTestCase(testtools.TestCase):

    def test_checks_the_project_behind_the_rule(self):
        checked = []
        gate = NewServersGate(lambda: checked.append(1))
        gate.read(server('a', locked=True))
        gate.passed(RULE)
        self.assertEqual([], checked)
        gate.passed(CREATE)
        self.assertEqual([1], checked)
        self.assertTrue(gate.has_read)
