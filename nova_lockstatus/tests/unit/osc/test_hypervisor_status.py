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

from nova_lockstatus.osc import hypervisor_status


@ddt.ddt
class HypervisorTestCase(testtools.TestCase):

    NOVAS = {'hypervisor_hostname': 'n', 'state': 'up', 'status': 'disabled',
             'service': {'host': 'h', 'disabled_reason': 'dust'}}

    ROW = {'hypervisor_hostname': 'n', 'state': 'up', 'status': 'disabled',
           'disabled_reason': 'dust'}

    @ddt.data(
        (NOVAS, None, ROW),
        (NOVAS, {'h': True}, {**ROW, 'forced_down': True}),
        (NOVAS, {'other': True}, ROW),
        # The extension's own fields count.
        ({**NOVAS, 'forced_down': False, 'disabled_reason': 'mine'},
         {'h': True}, {**ROW, 'forced_down': False,
                       'disabled_reason': 'mine'}),
        ({**NOVAS, 'running_vms': 3}, None, {**ROW, 'servers': 3}),
        ({**NOVAS, 'servers': [{}, {}]}, None, {**ROW, 'servers': 2}))
    @ddt.unpack
    def test_flatten(self, hypervisor, forced_down, expected):
        self.assertEqual(expected, hypervisor_status.flatten(
            hypervisor, forced_down))

    def test_unique(self):
        found = [{'id': number, 'hypervisor_hostname': name,
                  'service': {'id': number, 'host': host}}
                 for number, name, host in (
                     (1, 'n1', 'h1'), (1, 'n2', 'h2'), (2, 'n3', 'h2'),
                     (1, 'n2', 'h2'), (2, 'n3', 'h3'))]
        self.assertEqual([*found[:3], found[4]],
                         hypervisor_status.unique(found))
