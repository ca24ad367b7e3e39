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

"""A Nova with the plugin, and beside it stock Nova on the same databases."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import fixtures
from nova import context as nova_context
from nova.db.main import api as db
from nova.db.main import models
from oslo_messaging._drivers import impl_fake

from nova_lockstatus.embedded import nova
from nova_lockstatus.embedded import state
from nova_lockstatus.policies import server_host_status as host_policies
from nova_lockstatus.tests.fixtures import base

HOST = 'compute1'
CELL = 'cell1'

EXTENSIONS = ['os-server-locked-status', 'os-server-host-status',
              'os-hypervisor-status', 'os-server-state-lock']

SERVERS = {'UNLOCKED': None, 'LOCKED': 'owner', 'BILLING': 'admin',
           'DELETED': None}
"""The names of the servers, and who has locked each."""

TABLES = tuple(model.__table__ for model in (
    models.Instance, models.InstanceSystemMetadata, models.InstanceMetadata,
    models.Tag, models.BlockDeviceMapping, models.InstanceAction,
    models.Migration))
"""What a call that is refused must not change."""

OPTIONS: dict[str, Any] = {
    'hosts': (HOST,),
    'config': {**base.NO_HEARTBEATS, (None, 'periodic_enable'): False,
               (None, 'rpc_response_timeout'): 3,
               ('lockstatus', 'enabled_extensions'): EXTENSIONS},
    # So owners filter by the state of hosts, too.
    'policy': {host_policies.HOST_STATUS: 'rule:project_reader_or_admin'},
}


class NoCasts(fixtures.Fixture):
    """Loses what Nova sends to a service without waiting for an answer.

    So a call is over when it is answered, and what stands in the databases
    then was written by the API.
    """

    def _setUp(self) -> None:
        # NOTE: the driver of the transport that Nova's fixtures use. What is
        # lost has been made and serialized like any other message.
        original = impl_fake.FakeDriver.send

        def send(driver, target, context, message, wait_for_reply=None,
                 *args, **kwargs):
            if wait_for_reply:
                return original(driver, target, context, message,
                                wait_for_reply, *args, **kwargs)

        self.useFixture(fixtures.MonkeyPatch(
            'oslo_messaging._drivers.impl_fake.FakeDriver.send', send))


class FilterThatDoesNothing:
    """Stands where the plugin's filter would.

    Any filter takes some of the stack, and Nova answers 500 to JSON that is
    nested just as deep as the rest of it allows.

    :param app: the WSGI application
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self._app(environ, start_response)


class World(fixtures.Fixture):
    """The two APIs, and a state of the databases to come back to."""

    plugin: Any
    """The API with all extensions of the plugin."""

    stock: Any
    """The API without it, with another filter that does nothing."""

    ids: dict[str, str]
    """The ids of the servers, by name, and of the hypervisor."""

    def _setUp(self) -> None:
        self._nova = self.useFixture(nova.EmbeddedNova(**OPTIONS))
        self.plugin = self._nova.app
        self.stock = FilterThatDoesNothing(base.load_app(pipelines=()))
        self.ids = {name: self._nova.boot_server(name.lower(), host=HOST)
                    for name in SERVERS}
        for name, locker in SERVERS.items():
            self._decorate(self.ids[name], locker)
        self.ids['HYPERVISOR'] = self._nova.request(
            'GET', '/v2.1/os-hypervisors', 'admin', microversion='2.53',
        ).json['hypervisors'][0]['id']
        self._ask('DELETE', self.ids['DELETED'], 'owner')
        self._wait_until_gone(self.ids['DELETED'])
        self.useFixture(NoCasts())
        self._state = state.StateDir(
            self.useFixture(fixtures.TempDir()).path, (HOST,), 1)
        self._state.save(self._nova.services.cell_mappings)
        with self._session() as session:
            # NOTE: a database in memory has one connection for all.
            self._connection = (
                session.connection().connection.driver_connection)
        self._before = self._now = self._read()
        self._written = self._connection.total_changes

    def _decorate(self, server_id: str, locker: str | None) -> None:
        self._ask('PUT', server_id + '/tags/blue', 'owner')
        self._ask('POST', server_id + '/metadata', 'owner',
                  {'metadata': {'colour': 'blue'}})
        if locker:
            self._ask('POST', server_id + '/action', locker,
                      {'lock': {'locked_reason': 'unpaid'}})

    def _ask(self, method: str, path: str, token: str, body: Any = None
             ) -> None:
        answer = self._nova.request(method, '/v2.1/servers/' + path, token,
                                    body, '2.73')
        assert answer.status_code < 300, answer.text

    def _wait_until_gone(self, server_id: str) -> None:
        deadline = time.monotonic() + 60
        while self._nova.request('GET', '/v2.1/servers/' + server_id,
                                 'owner').status_code != 404:
            assert time.monotonic() < deadline, self._nova.log
            time.sleep(0.05)

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        with nova_context.target_cell(
                nova_context.get_admin_context(),
                self._nova.services.cell_mappings[CELL]) as context:
            with db.get_context_manager(context).reader.using(
                    context) as session:
                yield session

    def _read(self) -> dict[str, list]:
        with self._session() as session:
            return {table.name: [tuple(row) for row in session.execute(
                table.select().order_by(*table.primary_key))]
                for table in TABLES}

    def _read_if_written(self) -> dict[str, list]:
        # SQLite counts the rows that were written, which is quicker to ask.
        written = self._connection.total_changes
        if written != self._written:
            self._written = written
            self._now = self._read()
        return self._now

    def changed(self) -> frozenset[str]:
        """Tell what is not as it was.

        :returns: the names of tables
        """
        now = self._read_if_written()
        return frozenset(name for name, rows in self._before.items()
                         if now[name] != rows)

    def is_changed(self, name: str) -> bool:
        """Tell whether a server is not as it was.

        :param name: its name
        :returns: whether one of its rows is another one
        """
        now = self._read_if_written()
        uuid = self.ids[name]
        return any(_of(uuid, rows) != _of(uuid, now[table])
                   for table, rows in self._before.items())

    def restore(self) -> None:
        """Have all databases be as they were."""
        self._state.restore(self._nova.services.cell_mappings)
        self._written = self._connection.total_changes
        self._now = self._before

    def forget(self) -> None:
        """Drop what Nova's fixtures keep of each request."""
        # NOTE: a test would read it.
        self._nova.services.notifier.reset()


def _of(uuid: str, rows: list) -> list:
    """Pick the rows of a server."""
    return [row for row in rows if uuid in row]
