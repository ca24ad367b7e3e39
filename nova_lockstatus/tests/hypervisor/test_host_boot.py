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

"""A host boots that has resume_guests_state_on_host_boot."""

import time

from nova_lockstatus.tests.hypervisor import case


class HostBootTestCase(case.HypervisorTestCase):

    def boot_host(self):
        self.cloud.boot_host(resume_guests=True)
        self.wait_for('nova-compute has started again what ran',
                      lambda: self.state(self.other) == 'running')
        self.cloud.wait_for_server(self.other, 'ACTIVE')

    def test_locked_server_is_down_after_the_boot(self):
        server_id = self.down()
        self.other = self.boot_guest()
        self.start_behind_nova(server_id)
        self.wait_for('Nova knows that it runs',
                      lambda: self.power_state(server_id) == 1)
        self.boot_host()
        # That is stock Nova: it starts the locked, suspended server.
        self.wait_for('the guest has begun to count anew',
                      lambda: self.counts(server_id)[:1] == [1])
        self.assertEqual(('SUSPENDED', 'running'), (
            self.server(server_id)['status'], self.state(server_id)))
        self.start_watch()
        began = time.monotonic()
        self.wait_for_down(server_id)
        self.note('suspended after the watch has started on a booted host',
                  time.monotonic() - began)
        before = self.counts(server_id)
        # From then on it stays down, with the watch and without.
        self.boot_host()
        self.assertEqual('shut off', self.state(server_id))
        self.assertEqual(['suspend'], self.actions(server_id))
        self.goes_on(server_id, 'resume', before)
