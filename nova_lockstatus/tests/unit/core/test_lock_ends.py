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

"""When something is due about the locks of a server."""

import datetime

import testtools

from nova_lockstatus.core import lock_ends
from nova_lockstatus.core import lock_record

NOW = datetime.datetime(2026, 12, 24, 8, 0, 0, 5)


def record(lock_id, until, release):
    return lock_record.LockRecord(
        id=lock_id, scope='server', scope_id='s', level='change',
        locked_by='owner', user_id='u', project_id='p', reason=None,
        origin=None, since=NOW, until=until, release=release)


class OfRecordsTestCase(testtools.TestCase):

    def test_kinds(self):
        self.assertEqual(
            [(NOW, lock_ends.EXPIRY, 'a'), (NOW, lock_ends.RELEASE, 'b')],
            lock_ends.of_records([
                record('a', NOW, False), record('b', NOW, True),
                record('c', None, False)]))


class UnannouncedTestCase(testtools.TestCase):

    lifting = lock_ends.Lifting('unlock', 'req-1', NOW)

    def test_stored(self):
        text = lock_ends.encode(self.lifting)
        self.assertEqual(self.lifting, lock_ends.decode(text))
        self.assertLess(len(text), 256)

    def test_another_process_takes_over(self):
        self.assertEqual((NOW + datetime.timedelta(
            seconds=lock_ends.UNANNOUNCED_SECONDS), lock_ends.UNANNOUNCED,
            None), self.lifting.end)

    def test_damaged(self):
        for text in ('', '{}', '[]', '7', '["unlock", "req-1", "now"]',
                     '["unlock", "req-1", 7]'):
            self.assertRaises(ValueError, lock_ends.decode, text)
