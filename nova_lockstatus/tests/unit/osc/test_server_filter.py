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

import ddt
import testtools

from nova_lockstatus.osc import error
from nova_lockstatus.osc import server_filter


@ddt.ddt
class ServerFilterTestCase(testtools.TestCase):

    SERVER = {'tenant_id': 'p', 'OS-EXT-SRV-ATTR:host': 'h',
              'tags': ['a', 'b']}

    @ddt.data(
        ({}, True), ({'project_id': 'p'}, True), ({'project_id': 'q'}, False),
        ({'host': 'h'}, True), ({'host': 'H'}, False),
        ({'tags': ('a', 'b')}, True), ({'tags': ('a', 'c')}, False),
        ({'project_id': 'p', 'host': 'other'}, False))
    @ddt.unpack
    def test_matches(self, chosen, expected):
        self.assertEqual(
            expected,
            server_filter.ServerFilter(**chosen).matches(self.SERVER))

    def test_a_host_that_is_not_shown_chooses_nothing(self):
        self.assertRaises(
            error.CommandError, server_filter.ServerFilter(host='h').matches,
            {'tenant_id': 'p'})

    @ddt.data(
        ({}, {}),
        ({'all_projects': True}, {'all_tenants': 'True'}),
        # Nova lets administrators alone ask for all projects.
        ({'project_id': 'own'}, {'project_id': 'own'}),
        ({'project_id': 'p'}, {'all_tenants': 'True', 'project_id': 'p'}),
        ({'host': 'h', 'tags': ('a', 'b')}, {'host': 'h', 'tags': 'a,b'}))
    @ddt.unpack
    def test_query(self, chosen, expected):
        self.assertEqual(
            expected, server_filter.ServerFilter(**chosen).query('own'))
