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

"""What is in the nova.conf of each of Nova's services."""

import pathlib

from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import ini

DOWN_TIME = 12
"""Seconds after which a service that does not report counts as down."""

EXTENSIONS = ('os-server-locked-status', 'os-server-host-status',
              'os-hypervisor-status', 'os-server-state-lock')

CONTROLLER = 'controller'
CELLS = {'cell1': 'compute1', 'cell2': 'compute2'}
"""The host of each cell."""


class Writer:
    """Writes the files, each into a folder of its own.

    :param name: of the cloud
    :param folder: of the cloud
    :param keystone: the Keystone
    :param store: the port that leads to the plugin's database
    :param notifications: the port that leads to the broker
    """

    def __init__(self, name, folder, keystone, store, notifications):
        self._name = name
        self._folder = pathlib.Path(folder)
        self._keystone = keystone
        self._store = store
        self._notifications = notifications

    def write_controller(self):
        """Write what nova-api, nova-scheduler, nova-conductor and
        nova-lockstatus-watch read, who know all cells.

        :returns: the path
        """
        return self._write(CONTROLLER, CONTROLLER, 'top', {
            'database': _database(self._url('cell0')),
            'api_database': _database(self._url('api')),
            # An answer with a key too many is an error, not a line in a log.
            'api': {'response_validation': 'error'},
            'lockstatus': {
                'enabled_extensions': ','.join(EXTENSIONS),
                'connection': self._url('store', self._store),
                'guard': 'enforce', 'guard_interval': 1, 'guard_pause': 2},
            'notifications': {'notification_format': 'both'},
            'oslo_messaging_notifications': {
                'driver': 'messagingv2',
                'transport_url': self.notifications_url}})

    def write_conductor(self, cell, port):
        """Write what a cell's nova-conductor reads.

        :param cell: the name
        :param port: that leads to its database
        :returns: the path
        """
        return self._write(cell, cell, cell, {
            'database': _database(self._url(cell, port))})

    def write_compute(self, cell):
        """Write what a cell's nova-compute reads.

        :param cell: the name
        :returns: the path
        """
        return self._write(CELLS[cell], CELLS[cell], cell, {
            'DEFAULT': {
                'compute_driver': 'fake.FolderDriver',
                'sync_power_state_interval': 2,
                # Else it looks for the first time within a minute.
                'periodic_fuzzy_delay': 0}})

    @property
    def notifications_url(self):
        """The URL of the broker for the notifications of those who know all
        cells."""
        return engines.transport_url(self._name + 'top', self._notifications)

    def _url(self, schema, port=None):
        return engines.database_url(self._name + schema, port)

    def _write(self, service, host, vhost, sections):
        folder = self._folder / service
        folder.mkdir()
        (folder / 'policy.yaml').write_text('{}\n')
        return ini.write(
            folder / 'nova.conf',
            self._common(folder, host, self._name + vhost), sections)

    def _common(self, folder, host, vhost):
        signs_in = self._keystone.options()
        return {
            'DEFAULT': {
                'host': host, 'my_ip': '127.0.0.1', 'state_path': folder,
                'transport_url': engines.transport_url(vhost),
                'service_down_time': DOWN_TIME, 'report_interval': 3,
                'graceful_shutdown_timeout': 4,
                'manager_shutdown_timeout': 1},
            'oslo_concurrency': {'lock_path': folder},
            'oslo_policy': {'policy_file': folder / 'policy.yaml'},
            'conductor': {'workers': 1},
            'scheduler': {'workers': 1},
            'vnc': {'enabled': 'false'},
            'quota': {'instances': -1, 'cores': -1, 'ram': -1},
            'placement': signs_in,
            'neutron': signs_in,
            'service_user': {**signs_in, 'send_service_user_token': 'true'},
            'keystone_authtoken': self._keystone.middleware_options()}


def _database(url):
    # So that a list says at once which database does not answer, and the
    # processes together leave some of the server's connections.
    return {'connection': url, 'max_retries': 2, 'retry_interval': 1,
            'max_pool_size': 2, 'max_overflow': 10}
