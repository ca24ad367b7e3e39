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

"""Locked servers that are paused or stopped, and started with virsh."""

import time

from nova_lockstatus.tests.hypervisor import case


class PausedTestCase(case.HypervisorTestCase):

    def test_resumed_behind_nova(self):
        self.start_watch()
        server_id = self.down('pause', 'PAUSED')
        self.assertEqual('paused', self.state(server_id))
        before = self.counts(server_id)
        began = self.start_behind_nova(server_id, 'resume')
        self.wait_for_down(server_id, state='paused')
        self.note('paused again after virsh resume', time.monotonic() - began)
        self.assertEqual(['pause'], self.actions(server_id))
        self.assertEqual('PAUSED', self.server(server_id)['status'])
        self.assertTrue(self.goes_on_counting(server_id, before))
        self.goes_on(server_id, 'unpause', self.counts(server_id))


class StoppedTestCase(case.HypervisorTestCase):

    def test_started_behind_nova(self):
        """nova-compute's own sync stops it, locked or not."""
        self.start_watch()
        server_id = self.down('os-stop', 'SHUTOFF')
        self.assertEqual('shut off', self.state(server_id))
        began = self.start_behind_nova(server_id)
        self.cloud.processes.wait_for_log(
            'watch', 'The server %s is locked and should be stopped, but '
            'runs. nova-compute has found that and stops it by itself, which '
            'the guard waits for.' % server_id)
        self.assertEqual('running', self.state(server_id))
        self.wait_for('the guest is off',
                      lambda: self.state(server_id) == 'shut off')
        self.note('stopped again after virsh start',
                  time.monotonic() - began)
        self.cloud.wait_for_server(server_id, 'SHUTOFF')
        self.assertEqual([], self.actions(server_id))
        for action, body in (('reboot', {'type': 'HARD'}),
                             ('os-start', None)):
            answer = self.act(server_id, action, 'owner', body, expected=409)
            self.assertIn(case.REFUSED,
                          answer.json()['conflictingRequest']['message'])
