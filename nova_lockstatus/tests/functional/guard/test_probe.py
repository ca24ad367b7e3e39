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

"""The guard asks nova-compute for the real power state."""

from nova import objects
from nova.compute import power_state
from nova.conf import CONF

from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.watch.guard import tasks


class ProbeTestCase(GuardTestCase):
    """The hypervisor says that a server runs, and Nova's database does not."""

    def setUp(self):
        super().setUp()
        self.configure('lockstatus', guard_probe_interval=600)

    def faults(self, server_id):
        with self.target(server_id) as context:
            return list(objects.InstanceFaultList.get_by_instance_uuids(
                context, [server_id]))

    def test_brings_back(self):
        server_id, well = self.down(), self.down()
        self.start_behind_nova(server_id, recorded=False)
        self.look()
        self.assertEqual(power_state.RUNNING, self.states(server_id)[3])
        self.look(tasks.Probe(CONF))
        self.assertEqual(self.SUSPENDED, self.states(server_id))
        self.assertEqual([('suspend', 'locked')], self.guarded(server_id))
        self.assertEqual([('suspend', 'acted')], self.outcomes())
        self.assertEqual(self.SUSPENDED, self.states(well))
        self.assertEqual([], self.guarded(well))
        self.assertEqual([], self.faults(well))

    def test_reports(self):
        self.configure('lockstatus', guard='report')
        server_id = self.down('os-stop', 'SHUTOFF')
        self.start_behind_nova(server_id, recorded=False)
        self.look(tasks.Probe(CONF))
        self.assertEqual(power_state.RUNNING, self.states(server_id)[3])
        self.assertEqual([('power_off', 'found')], self.outcomes())

    def test_unlocked_servers_are_not_asked_for(self):
        server_id = self.down()
        self.act(server_id, 'unlock', 'admin')
        self.start_behind_nova(server_id, recorded=False)
        self.look(tasks.Probe(CONF))
        self.assertEqual(power_state.RUNNING, self.states(server_id)[3])

    def test_driver_cannot_tell(self):
        server_id = self.down()
        driver = self.driver(server_id)
        self.start_behind_nova(server_id, recorded=False)

        def get_instance_diagnostics(instance):
            raise NotImplementedError

        driver.get_instance_diagnostics = get_instance_diagnostics
        self.addCleanup(delattr, driver, 'get_instance_diagnostics')
        self.look(tasks.Probe(CONF))
        self.assertEqual([], self.guarded(server_id))
        self.sync(server_id)
        self.look()
        self.assertEqual([('suspend', 'locked')], self.guarded(server_id))
