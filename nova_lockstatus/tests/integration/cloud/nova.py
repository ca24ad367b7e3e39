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

"""Nova's services: those that know all cells, and those of each cell."""

import contextlib
import json
import os
import shutil
import signal
import sys

from nova_lockstatus.embedded import paste
from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import gunicorn
from nova_lockstatus.tests.integration.cloud import ini
from nova_lockstatus.tests.integration.cloud import nova_config

_PYTHON = (sys.executable, '-m')

STORE = 'store'
NOTIFICATIONS = 'notifications'

WAYS = (*nova_config.CELLS, STORE, NOTIFICATIONS)
"""What can be away: the databases of the cells and of the plugin, and the
broker for notifications."""


class Nova:
    """The services of Nova.

    :param name: of the cloud
    :param folder: of the cloud
    :param processes: those of the cloud
    :param keystone: the Keystone
    :param ports: of the API and of each of the :data:`WAYS`, by name
    """

    def __init__(self, name, folder, processes, keystone, ports):
        self.url = 'http://127.0.0.1:%d' % ports['api']
        self._name = name
        self._processes = processes
        self._ports = ports
        self._writer = nova_config.Writer(
            name, folder, keystone, ports[STORE], ports[NOTIFICATIONS])
        self._api = gunicorn.Gunicorn(processes, folder, 'nova-api')
        self._configs = {}

    @property
    def config(self):
        """The path of the nova.conf of those who know all cells."""
        return self._configs[nova_config.CONTROLLER]

    @property
    def api_paste(self):
        """The path of the API's api-paste.ini."""
        return self.config.with_name('api-paste.ini')

    def prepare(self):
        """Write the configuration, and begin to make the databases."""
        self._configs[nova_config.CONTROLLER] = (
            self._writer.write_controller())
        shutil.copy(paste.find(), self.api_paste)
        for way in WAYS:
            self.open_way(way)
        cells = {}
        for cell, host in nova_config.CELLS.items():
            port = self._ports[cell]
            self._configs[cell] = self._writer.write_conductor(cell, port)
            self._configs[host] = self._writer.write_compute(cell)
            cells[cell] = (engines.database_url(self._name + cell, port),
                           engines.transport_url(self._name + cell))
        self._processes.start('nova-manage', [
            *_PYTHON, __package__ + '.nova_manage', str(self.config),
            engines.database_url(self._name + 'cell0'), json.dumps(cells)],
            finishes=True)

    def start(self, with_filter, workers):
        """Start all services, once the databases are made.

        :param with_filter: whether the API has the plugin's filter
        :param workers: how many processes the API has
        """
        self._processes.finish('nova-manage')
        for cell, host in nova_config.CELLS.items():
            self._start('nova-conductor', cell)
            self.start_compute(host)
        self._start('nova-conductor', nova_config.CONTROLLER)
        self._start('nova-scheduler', nova_config.CONTROLLER)
        if with_filter:
            self._switch_filter(with_filter)
        self._api.start(
            self._ports['api'], 'nova.wsgi.osapi_compute:application',
            {'OS_NOVA_CONFIG_DIR': str(self.config.parent)}, workers)

    def wait(self):
        """Wait until the API and the hypervisors are there."""
        self._run('nova-lockstatus', 'db', 'sync', '--config-file',
                  str(self.config))
        self._api.wait()
        for cell in nova_config.CELLS:
            self._processes.wait_for(
                'there is a hypervisor in ' + cell,
                lambda cell=cell: engines.select(
                    self._name + cell, 'SELECT uuid FROM compute_nodes'))
        self._run('nova-manage', '--config-file', str(self.config),
                  'cell_v2', 'discover_hosts', '--strict')

    def configure(self, options, service=nova_config.CONTROLLER):
        """Change a nova.conf.

        What runs goes on with what it has read.

        :param options: the options of each section
        :param service: whose: that of those who know all cells, or the name
            of a cell or host
        """
        ini.change(self._configs[service], options)

    @contextlib.contextmanager
    def rules(self, rules):
        """Have the API obey further rules meanwhile.

        :param rules: the check string of each
        """
        path = self.config.with_name('policy.yaml')
        before = path.read_text()
        path.write_text(json.dumps(rules))
        try:
            yield
        finally:
            path.write_text(before)

    def restart_api(self, with_filter=None):
        """Replace the processes of the API.

        :param with_filter: whether they have the plugin's filter from then
            on; as before if None
        """
        if with_filter is not None:
            self._switch_filter(with_filter)
        self._api.reload()

    def start_compute(self, host):
        """Start the nova-compute of a host.

        :param host: its name
        """
        self._processes.start('nova-compute-' + host, [
            *_PYTHON, __package__ + '.compute',
            '--config-file', str(self._configs[host])])

    def stop_compute(self, host):
        """Stop the nova-compute of a host.

        :param host: its name
        """
        self._processes.stop('nova-compute-' + host)

    def start_watch(self, name='watch', further=()):
        """Start a nova-lockstatus-watch.

        :param name: of the process
        :param further: the paths of files whose options count more than those
            of nova.conf
        """
        self._processes.start(name, [
            _program('nova-lockstatus-watch'),
            *('--config-file=%s' % path for path in (self.config, *further))])

    def stop_watch(self, name='watch', with_signal=signal.SIGTERM):
        """Stop a nova-lockstatus-watch.

        :param name: of the process
        :param with_signal: the signal that tells it
        """
        self._processes.stop(name, with_signal)

    def guest(self, host, server_id):
        """Tell where the hypervisor has a guest's power state.

        :param host: that it is on
        :param server_id: the server's id
        :returns: the path of a file
        """
        return self._configs[host].parent / 'guests' / server_id

    def open_way(self, way):
        """Let a server be reached.

        :param way: one of the :data:`WAYS`
        """
        host, port = (engines.broker_address() if way == NOTIFICATIONS
                      else engines.address())
        self._processes.start('way-to-' + way, [
            *_PYTHON, __package__ + '.forwarder', str(self._ports[way]),
            host, str(port)])
        self._processes.wait_for_log('way-to-' + way, 'Forwarding')

    def close_way(self, way):
        """Cut all connections to a server, and let none be made.

        :param way: one of the :data:`WAYS`
        """
        self._processes.stop('way-to-' + way)

    def _start(self, program, service):
        self._processes.start('%s-%s' % (program, service), [
            _program(program), '--config-file', str(self._configs[service])])

    def _switch_filter(self, on):
        self._run('nova-lockstatus', 'enable' if on else 'disable', '--yes',
                  '--api-paste', str(self.api_paste))

    def _run(self, program, *arguments):
        self._processes.start(program, [_program(program), *arguments])
        self._processes.finish(program)


def _program(name):
    return os.path.join(os.path.dirname(sys.executable), name)
