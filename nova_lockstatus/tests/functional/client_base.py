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

"""Clients of the OpenStack community, against the embedded Nova over HTTP."""

import json
import os
import re
import tempfile
import threading
import types
from typing import Any

import fixtures

from nova_lockstatus.embedded import keystone
from nova_lockstatus.embedded import sample_data
from nova_lockstatus.embedded import web
from nova_lockstatus.tests import forks
from nova_lockstatus.tests.functional import base
from nova_lockstatus.utils import http_server

# With the commands, all of which each call of the OpenStackClient loads.
CLIENTS = """
import contextlib
from importlib import metadata
import novaclient.client, openstack, openstackclient.shell
for group in metadata.entry_points().groups:
    for command in metadata.entry_points(group=group):
        if group.startswith('openstack.'):
            with contextlib.suppress(ImportError):
                command.load()
"""

# What older OpenStackClients say of each microversion, and of another plugin.
WARNINGS = re.compile(
    '^(compute version .* is not in supported versions.*'
    "|The 'openstack .*' CLI is deprecated.*)\n", re.MULTILINE)


class Site(fixtures.Fixture):
    """Has a cloud on a port.

    :param nova: the embedded Nova
    :param app: its API, as the cloud's users see it
    """

    def __init__(self, nova, app):
        super().__init__()
        self._nova = nova
        self._app = app

    def _setUp(self):
        server = web.Server(0)
        self.addCleanup(server.server_close)
        self.requests = []
        seen: Any = types.SimpleNamespace(
            app=self._remember, images=self._nova.images,
            services=self._nova.services)
        server.set_app(web.Site(seen, server.url))
        server.server_activate()
        stopped = []
        thread = threading.Thread(
            target=http_server.serve_until,
            args=(server, lambda: bool(stopped)))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stopped.append, True)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.clouds = os.path.join(folder.name, 'clouds.yaml')
        keystone.write_clouds(self.clouds, server.url)

    def _remember(self, environ, start_response):
        self.requests.append((
            environ['REQUEST_METHOD'], environ['PATH_INFO'],
            environ['QUERY_STRING'],
            environ.get('HTTP_OPENSTACK_API_VERSION')))
        return self._app(environ, start_response)


class ClientTestCase(base.NovaTestCase):
    """Has the demo's servers in two clouds, with the filter and without."""

    options = {'hosts': sample_data.HOSTS,
               'config': {('quota', 'instances'): -1,
                          ('quota', 'cores'): -1, ('quota', 'ram'): -1}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sample_data.build(cls.nova, lambda line: None)
        cls.ids = {name: server['id'] for name, server in
                   sample_data.list_servers(cls.nova, 'admin').items()}
        cls.clients = cls._use(forks.Forks('openstack', CLIENTS))
        cls.sites = {
            'plugin': cls._use(Site(cls.nova, cls.nova.app)),
            'stock': cls._use(Site(cls.nova, base.load_app(pipelines=())))}

    @classmethod
    def _use(cls, fixture):
        fixture.setUp()
        cls.addClassCleanup(fixture.cleanUp)
        return fixture

    def run_client(self, cloud='owner', at='plugin', **call):
        env = {'OS_CLIENT_CONFIG_FILE': self.sites[at].clouds,
               'OS_CLOUD': cloud, **call.pop('env', {})}
        self.sites[at].requests.clear()
        run = self.clients.run(program='openstack', env=env, **call)
        run.err = WARNINGS.sub('', run.err)
        return run

    def openstack(self, *argv, expected=0, stderr='', **how):
        """Run the OpenStackClient.

        :param argv: its arguments
        :param expected: the exit code
        :param stderr: all that it may write there
        :param how: as whom, and at which site
        :returns: what it wrote
        """
        run = self.run_client(argv=list(argv), **how)
        self.assertEqual((expected, stderr), (run.code, run.err), run.out)
        return run.out

    def json(self, *argv, **how):
        """Run the OpenStackClient, and read its answer.

        :returns: the answer's objects
        """
        return json.loads(self.openstack(*argv, '-f', 'json', **how))

    def error(self, *argv, expected=1, **how):
        """Run the OpenStackClient, which fails with one line.

        :returns: the line
        """
        run = self.run_client(argv=list(argv), **how)
        self.assertEqual((expected, ''), (run.code, run.out), run.err)
        self.assertEqual(1, run.err.count('\n'), run.err)
        return run.err.strip()

    def python(self, source, **how):
        """Run a program.

        :param source: the program, which prints JSON
        :returns: what it printed
        """
        run = self.run_client(python=source, **how)
        self.assertEqual((0, ''), (run.code, run.err), run.out)
        return json.loads(run.out)
