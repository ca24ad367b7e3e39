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

import dataclasses
import datetime
import uuid

import hypothesis
import testtools
from hypothesis import strategies

from nova_lockstatus import exception
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_locks
from nova_lockstatus.core.server_lock import ADMIN
from nova_lockstatus.core.server_lock import OWNER
from nova_lockstatus.core.server_lock import UNLOCKED
from nova_lockstatus.core.server_lock import Lock
from nova_lockstatus.core.server_locks import Caller

NOBODY = server_locks.Maker()
NOW = datetime.datetime(2026, 12, 1, 8)
HOUR = datetime.timedelta(hours=1)
SERVER = '9168b536-cd40-4630-b43f-b259807c6e87'

RECORD = lock_record.LockRecord(
    id='1', scope=lock_record.SERVER, scope_id=SERVER,
    level=lock_record.CHANGE, locked_by=OWNER, user_id='u', project_id='p',
    reason='why', origin=None, since=NOW - HOUR, until=None)

ME = Caller(OWNER, 'u', 'p')
COLLEAGUE = Caller(OWNER, 'v', 'p')
BOSS = Caller(ADMIN, 'a', 'ap')
CALLERS = (ME, COLLEAGUE, BOSS, Caller(ADMIN, 'b', 'ap'))

CALLS = strategies.lists(strategies.tuples(
    strategies.sampled_from(CALLERS),
    strategies.none() | strategies.fixed_dictionaries({}, optional={
        'reason': strategies.sampled_from(('a', 'b')),
        'level': strategies.sampled_from(lock_record.LEVELS)})))


def record(**changes):
    return dataclasses.replace(RECORD, **changes)


ADMINS = record(id='2', locked_by=ADMIN, user_id='a', project_id='ap',
                reason='unpaid')
PROTECTION = record(id='3', level=lock_record.DELETE, user_id='v')


def lock(records, caller, number=9, **given):
    return server_locks.lock(records, caller, given, NOW, record(
        id=str(number), locked_by=caller.holder, user_id=caller.user_id,
        project_id=caller.project_id, reason=None, since=NOW))


class IdTestCase(testtools.TestCase):

    def test_tells_how_the_uuid_of_the_server_begins(self):
        first, second = (server_locks.new_id(SERVER) for _ in range(2))
        self.assertNotEqual(first, second)
        [kept] = server_locks.reconcile(SERVER, [], Lock(OWNER))
        for lock_id in (first, second, kept.id):
            self.assertEqual(lock_id, str(uuid.UUID(lock_id)))
            self.assertTrue(SERVER.startswith(
                server_locks.server_part(lock_id)))
        self.assertEqual(server_locks.SERVER_PART,
                         len(server_locks.server_part(first)))


class InForceTestCase(testtools.TestCase):

    def test_strictest_of_the_level_change(self):
        self.assertEqual(UNLOCKED, server_locks.in_force([]))
        self.assertEqual(UNLOCKED, server_locks.in_force([PROTECTION]))
        self.assertEqual(Lock(OWNER, 'why'), server_locks.in_force(
            [PROTECTION, RECORD]))
        self.assertEqual(Lock(ADMIN, 'unpaid'), server_locks.in_force(
            [RECORD, ADMINS]))


class ReconcileTestCase(testtools.TestCase):
    """What another pipeline, or stock Nova, has written since."""

    def reconcile(self, stored, current, maker=NOBODY):
        return server_locks.reconcile(
            SERVER, stored, current, lambda: maker)

    def test_nothing(self):
        for stored in ([], [RECORD], [ADMINS, RECORD, PROTECTION]):
            self.assertEqual(stored, server_locks.reconcile(
                SERVER, stored, server_locks.in_force(stored),
                lambda: self.fail('read without need')))

    def test_unlock(self):
        self.assertEqual([PROTECTION], self.reconcile(
            [ADMINS, RECORD, PROTECTION], UNLOCKED))

    def test_lock_of_an_unlocked_server(self):
        found, = self.reconcile([], Lock(ADMIN, 'x'), server_locks.Maker(
            NOW, 'a'))
        self.assertEqual(
            (ADMIN, 'x', 'a', None, NOW, 'change', SERVER),
            (found.locked_by, found.reason, found.user_id, found.project_id,
             found.since, found.level, found.scope_id))
        same, = self.reconcile([], Lock(ADMIN, 'y'))
        self.assertEqual((found.id, None, server_locks.UNKNOWN_TIME),
                         (same.id, same.user_id, same.since))
        other, = server_locks.reconcile(SERVER[::-1].replace('-', ''), [],
                                        Lock(ADMIN))
        self.assertNotEqual(found.id, other.id)

    def test_another_reason(self):
        self.assertEqual(
            [dataclasses.replace(ADMINS, reason='new'), RECORD],
            self.reconcile([ADMINS, RECORD], Lock(ADMIN, 'new')))

    def test_admin_over_an_owner(self):
        first, *others = self.reconcile([RECORD, PROTECTION], Lock(ADMIN))
        self.assertEqual((ADMIN, None), (first.locked_by, first.reason))
        self.assertEqual([RECORD, PROTECTION], others)

    def test_owner_after_an_unlock_of_the_admin(self):
        first, *others = self.reconcile(
            [ADMINS, RECORD, PROTECTION], Lock(OWNER, 'why'))
        self.assertNotEqual(RECORD.id, first.id)
        self.assertEqual([PROTECTION], others)

    @hypothesis.given(
        strategies.lists(strategies.sampled_from(
            (RECORD, ADMINS, PROTECTION)), unique=True),
        strategies.sampled_from((UNLOCKED, Lock(OWNER), Lock(OWNER, 'why'),
                                 Lock(ADMIN), Lock(ADMIN, 'unpaid'))))
    def test_is_in_line_after_it(self, stored, current):
        self.assertEqual(current, server_locks.in_force(
            self.reconcile(stored, current)))


class LockTestCase(testtools.TestCase):

    def test_each_caller_has_one(self):
        records = lock([], ME, 1, reason='a')
        records = lock(records, COLLEAGUE, 2, reason='b')
        records = lock(records, BOSS, 3, reason='c')
        records = lock(records, ME, 4, reason='d')
        self.assertEqual([('3', 'c'), ('1', 'd'), ('2', 'b')],
                         [(found.id, found.reason) for found in records])

    def test_owner_changes_nothing(self):
        self.assertIsNone(lock([RECORD], ME))
        self.assertIsNone(lock([RECORD], ME, reason='why'))

    def test_admin_locks_again(self):
        self.assertEqual([ADMINS], lock([ADMINS], BOSS))

    def test_lock_that_only_nova_knows(self):
        found, = server_locks.reconcile(
            SERVER, [], Lock(OWNER, 'old'),
            lambda: server_locks.Maker(NOW, 'u'))
        after, = lock([found], ME, reason='new')
        self.assertEqual((found.id, 'new', 'p'),
                         (after.id, after.reason, after.project_id))

    def test_release_needs_an_end(self):
        for records in ([], [RECORD]):
            self.assertRaises(exception.InvalidLock, lock, records, ME,
                              release=True)
        found, = lock([RECORD], ME, release=True, until=NOW + HOUR)
        self.assertTrue(found.release)
        found, = lock([found], ME, until=None)
        self.assertFalse(found.release)

    def test_end_that_has_come_by_the_clock_of_the_database(self):
        self.assertRaises(exception.InvalidLock, lock, [], ME, until=NOW)

    def test_ended_lock_can_be_given_another_reason(self):
        found, = lock([record(until=NOW - HOUR)], ME, reason='new')
        self.assertEqual('new', found.reason)


class UnlockTestCase(testtools.TestCase):

    def test_own_lock(self):
        for caller, wanted in ((ME, RECORD), (BOSS, ADMINS)):
            self.assertIs(wanted, server_locks.to_lift(
                [ADMINS, RECORD, PROTECTION], caller))
            self.assertFalse(server_locks.needs_override(wanted, caller))

    def test_strictest_where_there_is_no_own_lock(self):
        self.assertIs(ADMINS, server_locks.to_lift(
            [RECORD, ADMINS], COLLEAGUE))
        self.assertTrue(server_locks.needs_override(ADMINS, COLLEAGUE))
        self.assertIs(RECORD, server_locks.to_lift([RECORD], BOSS))
        self.assertTrue(server_locks.needs_override(RECORD, BOSS))
        self.assertFalse(server_locks.needs_override(RECORD, COLLEAGUE))

    def test_nothing(self):
        self.assertIsNone(server_locks.to_lift([], ME))
        self.assertFalse(server_locks.needs_override(None, ME))

    def test_same_user_in_another_project(self):
        self.assertIsNone(server_locks.own([RECORD], Caller(ADMIN, 'u', 'q')))

    def test_nobody_owns_what_has_no_user(self):
        self.assertIsNone(server_locks.own(
            [record(user_id=None, project_id=None)],
            Caller(OWNER, None, None)))


class StandingTestCase(testtools.TestCase):

    def test_what_is_lifted_by_now(self):
        ended = record(id='4', until=NOW, release=True)
        expired = record(id='5', until=NOW)
        self.assertEqual([ADMINS, expired], server_locks.standing(
            [ADMINS, ended, expired], NOW))


class ActionsTestCase(testtools.TestCase):

    def test_lock(self):
        for wanted, before, own, after in (
                ('lock', UNLOCKED, RECORD, [RECORD]),
                ('lock', Lock(OWNER, 'why'), ADMINS, [ADMINS, RECORD]),
                ('lock', Lock(ADMIN, 'unpaid'), ADMINS, [ADMINS]),
                ('lock', Lock(OWNER, 'why'), PROTECTION, [PROTECTION]),
                ('add_lock', Lock(ADMIN, 'unpaid'), RECORD,
                 [ADMINS, RECORD]),
                ('add_lock', UNLOCKED, PROTECTION, [PROTECTION])):
            self.assertEqual(wanted, server_locks.action_of_lock(
                before, own, after))

    def test_unlock(self):
        self.assertEqual('unlock', server_locks.action_of_unlock(
            Lock(OWNER), UNLOCKED))
        for before, after in ((UNLOCKED, UNLOCKED),
                              (Lock(ADMIN), Lock(OWNER))):
            self.assertEqual('lift_lock', server_locks.action_of_unlock(
                before, after))


class HistoryTestCase(testtools.TestCase):

    @hypothesis.given(CALLS)
    def test_nobody_touches_the_lock_of_another(self, calls):
        records = []
        for number, (caller, given) in enumerate(calls):
            before = {found.id: found for found in records}
            own = server_locks.own(records, caller)
            if given is None:
                lifted = server_locks.to_lift(records, caller)
                after = [found for found in records if found is not lifted]
                if own is not None:
                    self.assertEqual(own, lifted)
            else:
                after = lock(records, caller, number, **given) or records
                mine = server_locks.own(after, caller)
                for found in after:
                    if found is not mine:
                        self.assertEqual(before[found.id], found)
            holders = [(found.user_id, found.project_id) for found in after]
            self.assertEqual(len(set(holders)), len(holders))
            records = after
