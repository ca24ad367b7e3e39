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

"""A cloud that can be started and stopped."""

import contextlib
import secrets
import socket
import tempfile

import requests

from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import gunicorn
from nova_lockstatus.tests.integration.cloud import janitor
from nova_lockstatus.tests.integration.cloud import keystone
from nova_lockstatus.tests.integration.cloud import nova
from nova_lockstatus.tests.integration.cloud import nova_config
from nova_lockstatus.tests.integration.cloud import placement
from nova_lockstatus.tests.integration.cloud import processes
from nova_lockstatus.tests.integration.cloud import stubs

_PORTS = ('keystone', 'placement', 'stubs', 'api', *nova.WAYS)

FLAVOR = '1'

TIMEOUT = 120
"""Seconds in which a call is answered, or a server has become what it is to
be."""


class Cloud:
    """The cloud: :meth:`start` it, use it, :meth:`stop` it.

    The users are ``admin``, ``owner`` and ``member`` of the project ``demo``,
    ``reader`` who may only read there, and ``other`` of another project. The
    cells are ``cell1`` with the host ``compute1`` and ``cell2`` with
    ``compute2``; each is an availability zone too.

    :param with_filter: whether nova-api has the plugin's filter, with all
        extensions
    :param workers: how many processes nova-api has
    """

    stubs = stubs.__name__ + ':application'
    """The WSGI application that stands for Neutron and Glance."""

    def __init__(self, with_filter=True, workers=2):
        self._with_filter = with_filter
        self._workers = workers
        self._janitor = None

    def start(self):
        """Start it, and wait until servers can be booted.

        :raises Unavailable: when there is nothing to build it over
        :raises Broken: when a part does not start
        """
        engines.check()
        self.name = 'nova_lockstatus_cloud_%s_' % secrets.token_hex(4)
        self.folder = tempfile.mkdtemp(prefix=self.name)
        self._janitor = janitor.Janitor(self.name, self.folder)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Stop it, and remove all that it was made of.

        That happens too when the process ends in any other way.
        """
        if self._janitor is not None:
            self._janitor.work()
            self._janitor = None

    def _start(self):
        engines.create(
            self.name, ('api', 'cell0', 'store', 'keystone', 'placement',
                        *nova_config.CELLS), ('top', *nova_config.CELLS))
        ports = dict(zip(_PORTS, free_ports(len(_PORTS))))
        self.processes = processes.Processes(self.folder)
        parts = (self.processes, self.folder)
        self.keystone = keystone.Keystone(*parts, ports['keystone'])
        self.placement = placement.Placement(*parts, ports['placement'])
        self.nova = nova.Nova(self.name, self.folder, self.processes,
                              self.keystone, ports)
        self._stubs = gunicorn.Gunicorn(*parts, 'stubs')
        self.keystone.prepare(self.name + 'keystone')
        self.placement.prepare(self.name + 'placement', self.keystone)
        self.nova.prepare()
        self.prepare_hosts()
        self._stubs.start(ports['stubs'], self.stubs)
        self.placement.start()
        self.keystone.start()
        self.keystone.create_users()
        self.keystone.create_endpoints({
            'compute': self.compute_url,
            'compute_legacy': self.nova.url + '/v2',
            'placement': self.placement.url,
            'network': 'http://127.0.0.1:%d/network' % ports['stubs'],
            'image': 'http://127.0.0.1:%d/image' % ports['stubs']})
        self.nova.start(self._with_filter, self._workers)
        self.placement.wait()
        self._stubs.wait()
        self.nova.wait()
        self._fill()

    def prepare_hosts(self):
        """Prepare what the hosts need. Nothing of Nova is started yet."""

    def _fill(self):
        self.ask('POST', '/flavors', 'admin', {'flavor': {
            'id': FLAVOR, 'name': 'tiny', 'ram': 96, 'vcpus': 1, 'disk': 1}})
        for cell, host in nova_config.CELLS.items():
            aggregate = self.ask('POST', '/os-aggregates', 'admin', {
                'aggregate': {'name': cell, 'availability_zone': cell}})
            self.ask('POST', '/os-aggregates/%s/action' % (
                aggregate['aggregate']['id']), 'admin',
                {'add_host': {'host': host}})

    @property
    def compute_url(self):
        """The URL of the compute API, with its version."""
        return self.nova.url + '/v2.1'

    def token(self, user):
        """Give a token of a user.

        :param user: the name
        :returns: the token
        """
        return self.keystone.session(user).get_token()

    def session(self, user):
        """Give a session of a user.

        :param user: the name
        :returns: the session, of keystoneauth
        """
        return self.keystone.session(user)

    def request(self, method, path, user, body=None, microversion=None):
        """Make a call of the compute API.

        :param method: the HTTP method
        :param path: begins with ``/v2.1`` or ``/v2``
        :param user: who makes it
        :param body: what is sent as JSON
        :param microversion: the microversion, none if None
        :returns: the answer, of requests
        """
        headers = {'X-Auth-Token': self.token(user)}
        if microversion:
            headers['OpenStack-API-Version'] = 'compute ' + microversion
        return requests.request(method, self.nova.url + path, json=body,
                                headers=headers, timeout=TIMEOUT)

    def ask(self, method, path, user, body=None, microversion=None):
        """Make a call of the compute API that must be answered.

        :param path: without the version
        :returns: the body of the answer, None if it has none
        :raises HTTPError: when it is refused
        """
        answer = self.request(
            method, '/v2.1' + path, user, body, microversion)
        if not answer.ok:
            raise requests.HTTPError(answer.text, response=answer)
        return answer.json() if answer.content else None

    def boot_server(self, name, user='owner', cell='cell1'):
        """Boot a server, and wait until it runs.

        :param name: its name
        :param user: whose it is
        :param cell: where
        :returns: its id
        """
        server_id = self.ask('POST', '/servers', user, {'server': {
            'name': name, 'flavorRef': FLAVOR, 'imageRef': stubs.IMAGE['id'],
            'networks': 'none', 'availability_zone': cell}},
            '2.37')['server']['id']
        self.wait_for_server(server_id, 'ACTIVE')
        return server_id

    def delete_server(self, server_id):
        """Delete a server, and wait until it is gone.

        :param server_id: its id
        """
        path = '/v2.1/servers/' + server_id
        self.request('DELETE', path, 'admin')
        self.processes.wait_for(
            'server %s is gone' % server_id,
            lambda: self.request('GET', path, 'admin').status_code == 404,
            TIMEOUT)

    def wait_for_server(self, server_id, status):
        """Wait until a server has a status.

        :param server_id: its id
        :param status: the status
        """
        def there():
            server = self.ask('GET', '/servers/' + server_id, 'admin')[
                'server']
            if server['status'] == 'ERROR' != status:
                raise processes.Broken(server)
            return (server['status'] == status
                    and server['OS-EXT-STS:task_state'] is None)

        self.processes.wait_for(
            'server %s is %s' % (server_id, status), there, TIMEOUT)

    def restart_api(self, with_filter=None):
        """Replace the processes of nova-api, while it goes on answering.

        :param with_filter: whether they have the plugin's filter from then
            on; as before if None
        """
        self.nova.restart_api(with_filter)

    def stop_compute(self, host):
        """Stop the nova-compute of a host.

        :param host: its name
        """
        self.nova.stop_compute(host)

    def start_compute(self, host):
        """Start the nova-compute of a host.

        :param host: its name
        """
        self.nova.start_compute(host)


def free_ports(count):
    """Find ports that nothing listens on.

    :param count: how many
    :returns: their numbers
    """
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket())
                   for _ in range(count)]
        for one in sockets:
            one.bind(('127.0.0.1', 0))
        return [one.getsockname()[1] for one in sockets]
