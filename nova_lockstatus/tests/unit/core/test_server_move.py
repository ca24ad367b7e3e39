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


"""Which rows have the lock of a server that changes its cell."""

import testtools

from nova_lockstatus.core import server_move

HOSTS = ('compute1', 'compute2')


def migration(status, dest='compute2', crosses_cells=True):
    return server_move.Migration(crosses_cells, status, 'compute1', dest)


class ServerMoveTestCase(testtools.TestCase):

    def test_row_is_copied(self):
        for newest in (None, migration('accepted', None),
                       migration('accepted', None, False),
                       migration('confirmed'), migration('error')):
            self.assertTrue(server_move.is_copied('resize_prep', newest))
            for state in (None, 'resize_migrating', 'resize_migrated'):
                self.assertFalse(server_move.is_copied(state, newest))

    def test_row_has_been_copied_or_stays(self):
        for newest in (migration('accepted'), migration('pre-migrating'),
                       migration('pre-migrating', crosses_cells=False)):
            self.assertFalse(server_move.is_copied('resize_prep', newest))

    def test_two_rows(self):
        for status in ('accepted', 'migrating', 'post-migrating', 'finished',
                       'confirming', 'reverting', 'error'):
            self.assertEqual(
                HOSTS, server_move.other_hosts(migration(status)))

    def test_one_row(self):
        for newest in (None, migration('confirmed'), migration('reverted'),
                       migration('finished', crosses_cells=False),
                       migration('error', None)):
            self.assertEqual((), server_move.other_hosts(newest))

    def test_row_is_saved_whole(self):
        for status in ('confirming', 'reverting'):
            self.assertTrue(
                server_move.is_saved_whole(migration(status), False))
            self.assertFalse(
                server_move.is_saved_whole(migration(status), True))
        for status in ('migrating', 'finished', 'error'):
            self.assertFalse(
                server_move.is_saved_whole(migration(status), False))
