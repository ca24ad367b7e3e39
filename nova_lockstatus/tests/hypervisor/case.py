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

"""The test case of the tests over a real hypervisor."""

import datetime
import os
import time

from nova_lockstatus.tests.hypervisor import cloud as clouds
from nova_lockstatus.tests.hypervisor import guest
from nova_lockstatus.tests.hypervisor import requirements
from nova_lockstatus.tests.integration.cloud import case
from nova_lockstatus.tests.integration.cloud import ini

REASON = 'unpaid invoice 4711'

REFUSED = 'is locked by admin: ' + REASON

FIGURES = 'NOVA_LOCKSTATUS_TEST_FIGURES'
"""The environment variable that names the file for the times measured."""


class HypervisorTestCase(case.CloudTestCase):
    """Has a cloud with a real hypervisor."""

    kind_of_cloud = clouds.HypervisorCloud

    @classmethod
    def setUpClass(cls):
        problem = requirements.missing()
        if problem:
            raise cls.skipException(problem)
        super().setUpClass()

    def wait_for(self, what, condition):
        return self.cloud.processes.wait_for(what, condition)

    def note(self, what, seconds):
        """Write down how long something took."""
        if os.environ.get(FIGURES):
            with open(os.environ[FIGURES], 'a') as figures:
                figures.write('%s  %s: %.1f s\n' % (
                    datetime.date.today(), what, seconds))

    def boot_guest(self):
        """Boot a server, and wait until its guest counts.

        :returns: its id
        """
        server_id = self.cloud.boot_server('billing-1')
        self.addCleanup(self.cloud.delete_server, server_id)
        self.wait_for('the guest counts', lambda: self.counts(server_id))
        return server_id

    def down(self, action='suspend', status='SUSPENDED'):
        """Boot a server, lock it as an administrator and take it down."""
        server_id = self.boot_guest()
        self.act(server_id, 'lock', 'admin', {'locked_reason': REASON})
        self.act(server_id, action, 'admin')
        self.cloud.wait_for_server(server_id, status)
        return server_id

    def counts(self, server_id):
        """Read what the guest has counted since QEMU was started for it."""
        return guest.counts(self.cloud.console(server_id))

    def goes_on_counting(self, server_id, since):
        """Tell whether the guest has counted further.

        :param since: what it had counted before
        """
        return self.counts(server_id)[-1:] > since[-1:]

    def start_behind_nova(self, server_id, command='start'):
        """Start the guest with virsh.

        :param command: the command of virsh
        :returns: when it was started
        """
        self.cloud.libvirt.virsh(command, server_id)
        return time.monotonic()

    def state(self, server_id):
        """Return the state of the guest, as virsh has it."""
        return self.cloud.libvirt.state(server_id)

    def power_state(self, server_id):
        """Return the power state that Nova has recorded."""
        return self.server(server_id, 'admin')['OS-EXT-STS:power_state']

    def wait_for_down(self, server_id, times=1, state='shut off'):
        """Wait until the guard has brought a server back.

        :param times: how often it has to have done so
        :param state: the state of the guest then
        """
        self.wait_for('the guard acts', lambda: (
            len(self.guarded(server_id)) >= times))
        self.wait_for('the guest is ' + state,
                      lambda: self.state(server_id) == state)
        self.cloud.wait_for_server(
            server_id, self.server(server_id, 'admin')['status'])

    def guarded(self, server_id):
        """Return the guard's instance actions, the oldest first."""
        return [action for action in reversed(self.call(
            'GET', '/v2.1/servers/%s/os-instance-actions' % server_id,
            'admin').json()['instanceActions'])
            if not action['user_id'] and action['message'] == 'locked']

    def actions(self, server_id):
        return [action['action'] for action in self.guarded(server_id)]

    def start_watch(self, name='watch', **options):
        """Start a nova-lockstatus-watch, and wait until it runs.

        :param options: those of its section that are other ones
        """
        path = self.cloud.nova.config.with_name(name + '.conf')
        ini.write(path, {'DEFAULT': {'host': name}, 'lockstatus': options})
        self.cloud.nova.start_watch(name, [path])
        self.addCleanup(self.cloud.nova.stop_watch, name)
        self.cloud.processes.wait_for_log(name, 'is running: guard every')

    def log(self, name='watch'):
        """Return what a nova-lockstatus-watch has written."""
        return self.cloud.processes.log(name)

    def goes_on(self, server_id, action, before):
        """Unlock the server and have its owner start it: its guest goes on.

        :param action: how it is started
        :param before: what the guest had counted before
        """
        self.act(server_id, 'unlock', 'admin')
        self.act(server_id, action)
        self.cloud.wait_for_server(server_id, 'ACTIVE')
        self.wait_for('the guest goes on counting',
                      lambda: self.goes_on_counting(server_id, before))
        counts = self.counts(server_id)
        # The log of the console begins anew with each QEMU.
        self.assertEqual(list(range(counts[0], counts[0] + len(counts))),
                         counts)
        self.assertTrue(counts[0] == before[0] or counts[0] > before[-1],
                        (before, counts))
