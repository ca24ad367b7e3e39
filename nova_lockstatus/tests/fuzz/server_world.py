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

"""The lists of Nova's API over databases on a real server.

There is the API alone, twice, with rows that nothing has made but this.
"""

import json
import logging
import os
import types
from typing import Any

import fixtures
from nova import context as nova_context
from nova import objects
from nova import policy as nova_policy
from nova.conf import CONF

import nova_lockstatus.conf
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fuzz import world as worlds
from nova_lockstatus.tests.integration import database

SERVERS = {'mariadb': (store_databases.MARIADB, {'charset': 'utf8'}),
           'postgresql': (store_databases.POSTGRESQL, {})}
"""The URL of each server, and what its databases' have behind it."""


def unreachable(name: str) -> str | None:
    """Tell why a server cannot be used.

    :param name: a key of SERVERS
    :returns: the reason, None where it can
    """
    return store_databases.unreachable(SERVERS[name][0])


class ServerWorld(fixtures.Fixture):
    """The two APIs over two cells; only what reads may be asked.

    :param name: a key of SERVERS
    """

    plugin: Any
    """The API with all extensions of the plugin."""

    stock: Any
    """The API without it, with another filter that does nothing."""

    ids: dict[str, str]
    """The ids of the servers, by name, and of a hypervisor."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._server, self._query = SERVERS[name]

    def _setUp(self) -> None:
        # Nova's log, which would go to stderr.
        logging.disable()
        self.addCleanup(logging.disable, logging.NOTSET)
        databases = self.useFixture(
            database.Databases(self._server, **self._query))
        cells = {'cell1': databases.cell,
                 'cell2': databases.create_cell('cell2')}
        self._configure()
        database.without_neutron()
        self.plugin = base.load_app()
        self.stock = worlds.FilterThatDoesNothing(
            base.load_app(pipelines=()))
        cloud = types.SimpleNamespace(
            services=types.SimpleNamespace(cell_mappings=cells))
        for number, name in enumerate(cells):
            many_hosts.add(cloud, name, ['compute%d' % (number + 1)])
        self.ids = {}
        for number, (name, locker) in enumerate(worlds.SERVERS.items()):
            cell = list(cells.values())[number % 2]
            self.ids[name] = databases.create_server(cell)
            self._finish(cell, self.ids[name], locker, name == 'DELETED')
        self.ids['HYPERVISOR'] = base.ask(
            self.plugin, 'GET', '/v2.1/os-hypervisors', 'admin', '2.53',
        ).json['hypervisors'][0]['id']

    def _configure(self) -> None:
        nova_lockstatus.conf.register_opts(CONF)
        CONF.set_override('enabled_extensions', worlds.EXTENSIONS,
                          'lockstatus')
        path = os.path.join(self.useFixture(fixtures.TempDir()).path,
                            'policy.yaml')
        with open(path, 'w') as file:
            json.dump(worlds.OPTIONS['policy'], file)
        # It registers the option, and reads the file at the second time.
        nova_policy.init()
        CONF.set_override('policy_file', path, 'oslo_policy')
        nova_policy.reset()
        nova_policy.init()
        self.addCleanup(nova_policy.reset)

    def _finish(self, cell: Any, uuid: str, locker: str | None,
                is_deleted: bool) -> None:
        with nova_context.target_cell(
                nova_context.get_admin_context(), cell) as context:
            instance = objects.Instance.get_by_uuid(
                context, uuid, expected_attrs=['system_metadata'])
            instance.locked, instance.locked_by = locker is not None, locker
            if locker is not None:
                instance.system_metadata['locked_reason'] = 'unpaid'
            instance.save()
            if is_deleted:
                instance.destroy()

    def changed(self) -> frozenset[str]:
        """Tell what is not as it was: nothing, as nothing writes."""
        return frozenset()

    def is_changed(self, name: str) -> bool:
        """Tell whether a server is not as it was: none is."""
        return False

    def restore(self) -> None:
        """Leave all as it is."""

    def forget(self) -> None:
        """Keep nothing of a request."""
