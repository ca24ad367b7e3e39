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

import testtools

from nova_lockstatus.core import reason_repair
from nova_lockstatus.core import server_lock


def stored(**values):
    return reason_repair.StoredLock(**{
        'uuid': '1', 'is_locked': True, 'locked_by': 'admin', 'is_idle': True,
        'change': 7, 'reason': 'why', 'has_rows': True, **values})


LOST = {'reason': None, 'has_rows': False}
UNLOCKED = {'is_locked': False, 'locked_by': None}


class ReasonRepairTestCase(testtools.TestCase):

    def test_known(self):
        self.assertTrue(reason_repair.is_known(stored()))
        for values in ({'change': None}, LOST, UNLOCKED, {'locked_by': None}):
            self.assertFalse(reason_repair.is_known(stored(**values)))

    def test_same_lock(self):
        for change, same in ((7, True), (None, True), (8, False)):
            self.assertEqual(same, reason_repair.is_same_lock(
                stored(change=change), stored()))
        self.assertFalse(reason_repair.is_same_lock(stored(), None))

    def test_restored(self):
        self.assertEqual(
            server_lock.Lock('admin', 'why'),
            reason_repair.repaired(stored(**LOST), stored()))

    def test_removed(self):
        for reason in ('why', None):
            self.assertEqual(server_lock.UNLOCKED, reason_repair.repaired(
                stored(**UNLOCKED, reason=reason), None))

    def test_left_alone(self):
        for values in ({}, {**LOST, 'change': 8}, {**LOST, 'change': None},
                       {**LOST, 'is_idle': False},
                       {**LOST, 'locked_by': None}, {**LOST, **UNLOCKED},
                       {**UNLOCKED, 'is_idle': False}):
            self.assertIsNone(
                reason_repair.repaired(stored(**values), stored()), values)
        self.assertIsNone(reason_repair.repaired(stored(**LOST), None))
