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

import hypothesis
import testtools
from hypothesis import strategies

from nova_lockstatus.core import server_lock
from nova_lockstatus.core.server_lock import ADMIN
from nova_lockstatus.core.server_lock import OWNER
from nova_lockstatus.core.server_lock import Lock

UNLOCK = None

KINDS = strategies.sampled_from((OWNER, ADMIN))
REASONS = strategies.sampled_from((None, 'a', 'b', 'c'))

# A call is UNLOCK, or who locks with which reason.
CALLS = strategies.lists(
    strategies.just(UNLOCK) | strategies.tuples(KINDS, REASONS))


def locks(calls):
    """Make calls, and yield (lock before, call, lock after) of each."""
    current = Lock()
    for call in calls:
        before = current
        if call is UNLOCK:
            current = Lock()
        else:
            current = server_lock.lock(before, *call) or before
        yield before, call, current


class HolderTestCase(testtools.TestCase):

    def test_same_project_is_the_owner(self):
        self.assertEqual(OWNER, server_lock.holder('p1', 'p1'))

    def test_any_other_project_is_an_admin(self):
        for project in ('p2', '', None):
            self.assertEqual(ADMIN, server_lock.holder('p1', project))


class LockTestCase(testtools.TestCase):
    """Who locks what over what, with and without a reason."""

    def test_unlocked(self):
        for caller in (OWNER, ADMIN):
            for reason in (None, 'new'):
                self.assertEqual(Lock(caller, reason),
                                 server_lock.lock(Lock(), caller, reason))

    def test_reason_that_an_unlocked_server_should_not_have(self):
        self.assertEqual(Lock(OWNER),
                         server_lock.lock(Lock(None, 'old'), OWNER, None))

    def test_admin_takes_over_from_the_owner(self):
        for old in (None, 'old'):
            for reason in (None, 'new', 'old'):
                self.assertEqual(
                    Lock(ADMIN, reason),
                    server_lock.lock(Lock(OWNER, old), ADMIN, reason))

    def test_owner_cannot_touch_the_lock_of_an_admin(self):
        for old in (None, 'old'):
            for reason in (None, 'new', 'old'):
                self.assertIsNone(
                    server_lock.lock(Lock(ADMIN, old), OWNER, reason))

    def test_holder_replaces_the_reason(self):
        for holder in (OWNER, ADMIN):
            for old in (None, 'old'):
                self.assertEqual(
                    Lock(holder, 'new'),
                    server_lock.lock(Lock(holder, old), holder, 'new'))

    def test_owner_has_nothing_to_add(self):
        for reason in (None, 'old'):
            self.assertIsNone(
                server_lock.lock(Lock(OWNER, 'old'), OWNER, reason))
        self.assertIsNone(server_lock.lock(Lock(OWNER), OWNER, None))

    def test_lock_of_an_admin_once_more_is_recorded(self):
        # As stock Nova does, which keeps the reason, too.
        for old in (None, 'old'):
            for reason in (None, old):
                self.assertEqual(
                    Lock(ADMIN, old),
                    server_lock.lock(Lock(ADMIN, old), ADMIN, reason))


class UnlockTestCase(testtools.TestCase):
    """What the caller of an unlock has been authorized for, and what not."""

    def test_what_needs_the_override(self):
        for current, caller, authorized, expected in (
                (None, OWNER, None, False),
                (OWNER, OWNER, OWNER, False),
                (OWNER, OWNER, None, False),
                # Locked by an administrator after Nova has read the server.
                (ADMIN, OWNER, OWNER, True),
                (ADMIN, OWNER, None, True),
                (ADMIN, OWNER, ADMIN, False),
                (OWNER, ADMIN, OWNER, False),
                (OWNER, ADMIN, ADMIN, True)):
            self.assertIs(expected, server_lock.needs_override(
                Lock(current), caller, authorized))


class LocksTestCase(testtools.TestCase):
    """Whatever is called, one after the other."""

    @hypothesis.settings(database=None)
    @hypothesis.given(CALLS)
    def test_unlocked_server_has_no_reason(self, calls):
        for _before, call, after in locks(calls):
            self.assertEqual(call is UNLOCK, after.locked_by is None)
            if after.locked_by is None:
                self.assertIsNone(after.reason)

    @hypothesis.settings(database=None)
    @hypothesis.given(CALLS)
    def test_reason_is_the_newest_that_the_holder_gave(self, calls):
        given = []
        for before, call, after in locks(calls):
            if after.locked_by != before.locked_by:
                given = []
            if call is not UNLOCK and call[0] == after.locked_by and call[1]:
                given.append(call[1])
            self.assertEqual(given[-1] if given else None, after.reason)

    @hypothesis.settings(database=None)
    @hypothesis.given(CALLS)
    def test_owner_never_changes_the_lock_of_an_admin(self, calls):
        for before, call, after in locks(calls):
            if (before.locked_by == ADMIN and call is not UNLOCK
                    and call[0] == OWNER):
                self.assertEqual(before, after)

    @hypothesis.settings(database=None)
    @hypothesis.given(CALLS)
    def test_a_lock_locks(self, calls):
        for before, call, after in locks(calls):
            if call is not UNLOCK:
                self.assertIn(after.locked_by, (call[0], ADMIN))
                self.assertEqual(
                    after.locked_by == ADMIN,
                    call[0] == ADMIN or before.locked_by == ADMIN)


class DescribeTestCase(testtools.TestCase):

    def test_what_may_be_seen(self):
        for lock, expected in (
                (Lock(), ''),
                (Lock(OWNER), ' by owner'),
                (Lock(ADMIN, 'unpaid'), ' by admin: unpaid'),
                (Lock(None, 'unpaid'), ': unpaid')):
            self.assertEqual(expected, server_lock.describe(lock))
