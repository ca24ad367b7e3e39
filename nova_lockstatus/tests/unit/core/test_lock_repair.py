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

from nova_lockstatus.core import lock_repair
from nova_lockstatus.core.lock_repair import StoredRows

OLD, NEW = (('a', '1'),), (('a', '2'),)

RIGHT = StoredRows('s', True, 7, OLD)


class RepairTestCase(testtools.TestCase):

    def test_what_is_not_known(self):
        self.assertIsNone(lock_repair.repaired(RIGHT, None))

    def test_unchanged(self):
        self.assertIsNone(lock_repair.repaired(RIGHT, RIGHT))

    def test_lost_and_replaced(self):
        for rows in ((), NEW):
            damaged = RIGHT._replace(rows=rows)
            self.assertEqual(OLD, lock_repair.repaired(damaged, RIGHT))
            self.assertIsNone(lock_repair.repaired(
                damaged._replace(is_idle=False), RIGHT))

    def test_back_again(self):
        lifted = RIGHT._replace(change=8, rows=())
        self.assertEqual((), lock_repair.repaired(
            RIGHT._replace(change=8), lifted))

    def test_recorded_change(self):
        for change in (8, None):
            self.assertIsNone(lock_repair.repaired(
                RIGHT._replace(rows=NEW, change=change), RIGHT))


class KnownTestCase(testtools.TestCase):

    def test_first_look(self):
        self.assertEqual(RIGHT, lock_repair.known(RIGHT, None))
        self.assertIsNone(lock_repair.known(
            RIGHT._replace(change=None), None))

    def test_recorded_change(self):
        after = RIGHT._replace(rows=NEW, change=8)
        self.assertEqual(after, lock_repair.known(after, RIGHT))

    def test_damage_is_not_learned(self):
        for damaged in (RIGHT._replace(rows=NEW),
                        RIGHT._replace(rows=NEW, change=None)):
            self.assertEqual(RIGHT, lock_repair.known(damaged, RIGHT))
