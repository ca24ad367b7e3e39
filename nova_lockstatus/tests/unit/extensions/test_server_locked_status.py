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

from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.tests.fixtures.scope_lock_cases import project_lock


class Instance(dict):
    """The part of Nova's Instance that the extension reads."""

    def __getattr__(self, name):
        return self[name]


SINCE = datetime.datetime(2026, 11, 21, 12, 0, 57)


class SinceTestCase(testtools.TestCase):

    def fields(self, locked_by, *lock):
        asked = []

        def read_lock():
            asked.append(locked_by)
            return base.Lock(*lock)

        server = base.Server(Instance(locked_by=locked_by), {}, read_lock)
        extension = server_locked_status.ServerLockedStatus()
        values = {field.key: field.value(server)
                  for field in extension.server_fields if field.shown_alone}
        return values['locked_at'], values['locked_by_user_id'], asked

    def test_when_and_who(self):
        self.assertEqual(('2026-11-21T12:00:57Z', 'user'),
                         self.fields('owner', SINCE, 'user')[:2])

    def test_unlocked_server_is_not_asked_for(self):
        self.assertEqual((None, None, []),
                         self.fields(None, SINCE, 'user'))

    def test_records_are_gone(self):
        self.assertEqual((None, None), self.fields('owner')[:2])

    def test_time_that_was_not_recorded(self):
        self.assertEqual((None, 'user'),
                         self.fields('owner', None, 'user')[:2])


class ScopeLockTestCase(testtools.TestCase):

    def values(self, locked_by, *locks):
        server = base.Server(
            Instance(locked_by=locked_by), {'locked_reason': 'its own'},
            lambda: base.Lock(SINCE, 'someone'),
            scope_locks=[lock.record for lock in locks])
        extension = server_locked_status.ServerLockedStatus()
        return tuple(field.value(server)
                     for field in extension.server_fields)

    def test_shown_where_its_own_lock_is_less_strict(self):
        lock = project_lock(since=SINCE, reason='unpaid')
        expected = (True, 'admin', 'unpaid', '2026-11-21T12:00:57Z', 'u')
        for locked_by in (None, 'owner'):
            self.assertEqual(expected, self.values(locked_by, lock))
        self.assertEqual(
            (True, 'admin', 'its own', '2026-11-21T12:00:57Z', 'someone'),
            self.values('admin', lock))

    def test_level_delete_is_no_lock(self):
        self.assertEqual((False, None, None, None, None),
                         self.values(None, project_lock(level='delete')))
