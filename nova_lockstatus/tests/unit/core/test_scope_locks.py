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

"""Which locks of projects and hosts stand over which server."""

import dataclasses

import testtools

from nova_lockstatus.core import lock_record
from nova_lockstatus.core import scope_locks
from nova_lockstatus.tests.fixtures.scope_lock_cases import HOUR
from nova_lockstatus.tests.fixtures.scope_lock_cases import SOME_TIME
from nova_lockstatus.tests.fixtures.scope_lock_cases import host_lock
from nova_lockstatus.tests.fixtures.scope_lock_cases import project_lock


class StandingLocksTestCase(testtools.TestCase):

    def test_of_project_and_host(self):
        project, host = project_lock('p1'), host_lock('compute1', 'cell1')
        # A host with the name of the project, and the other way round.
        locks = scope_locks.StandingLocks(
            [project, host, host_lock('p1', 'cell1'),
             project_lock('compute1')])
        for server, expected in (
                (('p1', None), [project]),
                (('p2', ('cell1', 'compute1')), [host]),
                (('p2', ('cell2', 'compute1')), []),
                (('p2', None), []), ((None, None), [])):
            self.assertEqual([lock.record for lock in expected],
                             locks.over(*server), server)

    def test_strictest_first(self):
        older, newer = (
            project_lock('p1', since=since)
            for since in (SOME_TIME, SOME_TIME + HOUR))
        delete = project_lock('p1', level=lock_record.DELETE,
                              since=SOME_TIME + 2 * HOUR)
        self.assertEqual(
            [newer.record, older.record, delete.record],
            scope_locks.StandingLocks([delete, older, newer]).over(
                'p1', None))

    def test_new_servers(self):
        change = project_lock('p1', level=lock_record.DELETE)
        create = change._replace(record=dataclasses.replace(
            change.record, id='another', create=True))
        locks = scope_locks.StandingLocks([change, create])
        self.assertEqual([create.record], locks.over_new_server('p1'))
        self.assertEqual([], locks.over_new_server('p2'))
        self.assertEqual([], scope_locks.StandingLocks().over_new_server('p1'))
