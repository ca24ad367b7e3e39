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

"""Placement."""

import os
import pathlib
import sys

from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import gunicorn
from nova_lockstatus.tests.integration.cloud import ini


class Placement:
    """The service.

    :param processes: those of the cloud
    :param folder: of the cloud
    :param port: where it listens
    """

    def __init__(self, processes, folder, port):
        self.url = 'http://127.0.0.1:%d' % port
        self._port = port
        self._processes = processes
        self._folder = pathlib.Path(folder, 'placement')
        self._gunicorn = gunicorn.Gunicorn(processes, folder, 'placement')

    def prepare(self, schema, keystone):
        """Begin to make the database.

        :param schema: the name of its schema
        :param keystone: the Keystone
        """
        self._folder.mkdir()
        config = ini.write(self._folder / 'placement.conf', {
            'placement_database': {
                'connection': engines.database_url(schema),
                'max_pool_size': 2},
            'keystone_authtoken': keystone.middleware_options()})
        self._processes.start(
            'placement-manage',
            [os.path.join(os.path.dirname(sys.executable),
                          'placement-manage'),
             '--config-file', str(config), 'db', 'sync'], finishes=True)

    def start(self):
        """Start the service, once its database is made."""
        self._processes.finish('placement-manage')
        self._gunicorn.start(
            self._port, 'placement.wsgi.api:application',
            {'OS_PLACEMENT_CONFIG_DIR': str(self._folder)})

    def wait(self):
        """Wait until it answers."""
        self._gunicorn.wait()
