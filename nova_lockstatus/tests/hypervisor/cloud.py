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

"""The cloud of the integration tests, whose first host has a hypervisor."""

import os
import pathlib
import sys

from nova_lockstatus.tests.hypervisor import guest
from nova_lockstatus.tests.hypervisor import images
from nova_lockstatus.tests.hypervisor import libvirt
from nova_lockstatus.tests.integration.cloud import cloud as clouds

HOST = 'compute1'

SYNC_INTERVAL = 10
"""Seconds between two looks of nova-compute at its hypervisor."""

SHUTDOWN_TIMEOUT = 20
"""Seconds that a guest has to shut down; this one cannot."""

GUARD_INTERVAL = 5


class HypervisorCloud(clouds.Cloud):
    """A cloud whose ``compute1`` runs guests with libvirt and QEMU."""

    stubs = images.__name__ + ':application'

    def prepare_hosts(self):
        """Build the guest, start libvirtd, and have compute1 use it."""
        folder = pathlib.Path(self.folder, 'images')
        folder.mkdir()
        guest.build(folder)
        self.processes.environ[images.FOLDER] = str(folder)
        self.libvirt = libvirt.Libvirt(self.processes, self.folder)
        self.libvirt.prepare()
        self.libvirt.start()
        state = self.nova.config.parent.with_name(HOST)
        # Nova's packages bring the folder.
        (state / 'instances').mkdir()
        self.nova.configure({
            'DEFAULT': {'compute_driver': 'libvirt.LibvirtDriver',
                        'shutdown_timeout': SHUTDOWN_TIMEOUT,
                        'sync_power_state_interval': SYNC_INTERVAL},
            'libvirt': {'connection_uri': self.libvirt.uri,
                        'virt_type': 'qemu', 'cpu_mode': 'none',
                        'images_type': 'raw', 'inject_partition': -2},
            'spice': {'enabled': 'false'},
            'nova_sys_admin': {'helper_command': '%s --config-file %s' % (
                os.path.join(os.path.dirname(sys.executable),
                             'privsep-helper'), state / 'nova.conf')}}, HOST)
        self.nova.configure({'lockstatus': {
            'guard_interval': GUARD_INTERVAL}})

    def console(self, server_id):
        """Tell where the serial console of a guest is written to.

        :param server_id: the id of its server
        :returns: the path
        """
        return pathlib.Path(self.folder, HOST, 'instances', server_id,
                            'console.log')

    def boot_host(self, resume_guests):
        """Have the host lose its power, and boot again.

        :param resume_guests: whether nova-compute starts what ran
        """
        self.stop_compute(HOST)
        self.libvirt.lose_power()
        self.nova.configure({'DEFAULT': {
            'resume_guests_state_on_host_boot': resume_guests}}, HOST)
        self.libvirt.start()
        before = self._reported_at()
        self.start_compute(HOST)
        self.processes.wait_for('nova-compute works again',
                                lambda: self._reported_at() != before)

    def _reported_at(self):
        service, = self.ask(
            'GET', '/os-services?binary=nova-compute&host=' + HOST,
            'admin')['services']
        return service['updated_at']
