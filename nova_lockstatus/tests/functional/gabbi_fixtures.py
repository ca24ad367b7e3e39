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

"""What the gabbi files name as their fixtures: an embedded Nova each.

Files that are run in :class:`Sharing` have one together.
"""

import datetime
import os
import time
import unittest
from collections.abc import Mapping
from typing import Any

from gabbi import fixture
from nova import context
from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.embedded import identity
from nova_lockstatus.embedded import nova
from nova_lockstatus.embedded import nova_fixture
from nova_lockstatus.policies import hypervisor_status as hypervisor_policies
from nova_lockstatus.policies import server_host_status as host_policies
from nova_lockstatus.policies import server_locked_status as policies
from nova_lockstatus.policies import server_state_lock
from nova_lockstatus.tests.functional import releases

REASON = 'Quarterly close \U0001f512'


class Cloud(fixture.GabbiFixture):
    """A Nova with the plugin as an operator enables it, and no servers."""

    policy: Mapping[str, str] = {}
    config: Mapping[tuple[str | None, str], Any] = {}
    running: 'Cloud | None' = None
    shared = False
    microversion = 'latest'

    def start_fixture(self) -> None:
        if not releases.has(self.microversion):
            raise unittest.SkipTest('This release of Nova has no microversion '
                                    + self.microversion)
        before, Cloud.running = Cloud.running, self
        if before is not None:
            assert type(before) is type(self), 'They cannot share a Nova'
            self.nova: nova.EmbeddedNova = before.nova
            self.bring_back()
        else:
            self.nova = self.embedded()
            self.nova.setUp()
            os.environ['PROJECT_ID'] = identity.OWNER.project_id
            os.environ['IMAGE'] = nova_fixture.IMAGE
            self.fill()
        self.prepare()

    def stop_fixture(self) -> None:
        if not Cloud.shared:
            self.end()

    @staticmethod
    def end() -> None:
        """Stop the Nova that runs, if there is one."""
        if Cloud.running is not None:
            Cloud.running.nova.cleanUp()
            Cloud.running = None

    def embedded(self) -> nova.EmbeddedNova:
        """Make the Nova that is to run."""
        return nova.EmbeddedNova(policy=self.policy, config=self.config)

    def fill(self) -> None:
        """Make what is to be there, in a new Nova."""

    def bring_back(self) -> None:
        """Make what is there as it was when it was new."""

    def prepare(self) -> None:
        """Bring what is there into the states that are to be tested."""

    def ask(self, method: str, path: str, body: object = None,
            token: str = 'admin', microversion: str = '2.53') -> Any:
        """Make a call that must not be refused."""
        answer = self.nova.request(method, '/v2.1' + path, token, body,
                                   microversion)
        assert answer.status_code < 300, answer.text
        return answer

    def bring_back_server(self, variable: str, name: str) -> None:
        """Make a server as it was when it was new."""
        server_id = os.environ[variable]
        path = '/servers/' + server_id
        self.ask('POST', path + '/action', {'unlock': None})
        self.ask('PUT', path, {'server': {'name': name}})
        deadline = time.monotonic() + 30
        while (server := self.ask('GET', path).json['server'])[
                'OS-EXT-STS:task_state']:
            assert time.monotonic() < deadline, server
            time.sleep(0.05)
        if server['status'] == 'SHUTOFF':
            self.ask('POST', path + '/action', {'os-start': None})
        self.nova.wait_for(server_id, 'ACTIVE')


class Sharing(unittest.TestSuite):
    """Suites whose files have the same fixture, and one Nova for all."""

    def run(self, result: unittest.TestResult, debug: bool = False
            ) -> unittest.TestResult:
        Cloud.shared = True
        try:
            return super().run(result, debug)
        finally:
            Cloud.shared = False
            Cloud.end()


class StrictQueries(Cloud):
    """A Nova whose schemas of queries are strict."""

    microversion = '2.102'


class OneServer(Cloud):
    """One server, which nobody has locked yet."""

    def fill(self) -> None:
        os.environ['SERVER'] = self.nova.boot_server('db')

    def bring_back(self) -> None:
        self.bring_back_server('SERVER', 'db')


class LockedServers(Cloud):
    """Four servers: unlocked, and locked in three ways."""

    servers = {'UNLOCKED': 'web', 'OWNER_LOCKED': 'db', 'NO_REASON': 'cache',
               'ADMIN_LOCKED': 'billing'}

    def fill(self) -> None:
        for variable, name in self.servers.items():
            os.environ[variable] = self.nova.boot_server(name)

    def bring_back(self) -> None:
        for variable, name in self.servers.items():
            self.bring_back_server(variable, name)

    def prepare(self) -> None:
        self._lock('OWNER_LOCKED', 'owner', {'locked_reason': REASON})
        self._lock('NO_REASON', 'owner', None)
        self._lock('ADMIN_LOCKED', 'admin',
                   {'locked_reason': 'unpaid invoice 4711'})

    def _lock(self, variable: str, token: str,
              lock: dict[str, str] | None) -> None:
        self.ask('POST', '/servers/%s/action' % os.environ[variable],
                 {'lock': lock}, token, '2.73')


class SecretReason(LockedServers):
    """Only admins may see who locked a server, and why."""

    policy = {policies.LOCKED_BY: 'rule:context_is_admin',
              policies.LOCKED_REASON: 'rule:context_is_admin'}


class OwnersMayAbort(LockedServers):
    """Whoever may see a server may abort its live migration."""

    policy = {'os_compute_api:servers:migrations:delete': 'role:member'}


class NobodySees(LockedServers):
    """Nobody may see anything of the lock."""

    policy = {rule.name: '!' for rule in policies.list_rules()}


class HostsInEachState(Cloud):
    """Five servers: on a host in each state, and on none."""

    hosts = {'UP': 'up-host', 'DOWN': 'down-host',
             'MAINTENANCE': 'maintenance-host', 'UNKNOWN': 'silent-host'}

    def embedded(self) -> nova.EmbeddedNova:
        return nova.EmbeddedNova(
            policy=self.policy, config=self.config,
            hosts=tuple(self.hosts.values()))

    def fill(self) -> None:
        for state, host in self.hosts.items():
            os.environ['ON_' + state] = self.nova.boot_server(
                'on-' + host, host=host)
        os.environ['ON_NONE'] = server_id = self.nova.boot_server('on-none')
        self.ask('POST', '/servers/%s/action' % server_id, {'shelve': None})
        self.nova.wait_for(server_id, 'SHELVED_OFFLOADED')
        self.fill_hosts()

    def fill_hosts(self) -> None:
        for state, host in self.hosts.items():
            os.environ['SERVICE_' + state] = self.service(host)['id']
        self.silence(self.hosts['UNKNOWN'])

    def bring_back(self) -> None:
        self.bring_back_hosts()
        for state, host in self.hosts.items():
            self.ask('PUT', '/servers/' + os.environ['ON_' + state],
                     {'server': {'name': 'on-' + host}})

    def bring_back_hosts(self) -> None:
        for state in self.hosts:
            self.set_service(state, status='enabled', forced_down=False)

    def prepare(self) -> None:
        self.set_service('DOWN', forced_down=True)
        self.set_service('MAINTENANCE', status='disabled',
                         disabled_reason='memory module replaced')

    def service(self, host: str) -> dict[str, Any]:
        services: list[dict[str, Any]] = self.ask(
            'GET', '/os-services?binary=nova-compute&host=' + host
        ).json['services']
        return services[0]

    def set_service(self, state: str, **values: object) -> None:
        self.ask('PUT', '/os-services/' + os.environ['SERVICE_' + state],
                 values)

    def silence(self, host: str) -> None:
        """Have a nova-compute die an hour ago."""
        self.nova.services.computes[host].stop()
        with context.target_cell(
                context.get_admin_context(),
                self.nova.services.cell_mappings['cell1']) as ctxt:
            with db.get_context_manager(ctxt).writer.using(ctxt) as session:
                session.query(models.Service).filter_by(host=host).update({
                    'last_seen_up': timeutils.utcnow() -
                    datetime.timedelta(hours=1)})


class Hypervisors(HostsInEachState):
    """Hosts in each state, without a server."""

    def fill(self) -> None:
        self.fill_hosts()

    def bring_back(self) -> None:
        self.bring_back_hosts()


class NobodySeesHypervisorStatus(Hypervisors):
    """Nobody may see why a hypervisor is down or disabled."""

    policy = {rule.name: '!' for rule in hypervisor_policies.list_rules()}


class ReadersListHypervisors(Hypervisors):
    """Nova's own rules let readers list, the plugin's show them one key."""

    policy = {'os_compute_api:os-hypervisors:list': 'role:reader',
              hypervisor_policies.FORCED_DOWN: 'role:reader'}


class OwnersSeeHosts(HostsInEachState):
    """The NFV setting: owners see the state of their servers' hosts."""

    policy = {host_policies.HOST_STATUS: 'rule:admin_or_owner'}


class OwnersSeeSilentHosts(HostsInEachState):
    """Owners see only that the state of a host is unknown."""

    policy = {host_policies.UNKNOWN_ONLY: 'rule:project_reader_or_admin'}


class StateLock(LockedServers):
    """Locks hold."""

    config = {('lockstatus', 'enabled_extensions'):
              ['os-server-locked-status', 'os-server-state-lock']}


class Shares(StateLock):
    """Locks hold, where servers can have shares."""

    microversion = '2.97'


class BoundAdmins(StateLock):
    """Locks hold, for admins too."""

    policy = {server_state_lock.BYPASS: '!'}


class ExemptTags(StateLock):
    """Locks hold, for all but tags."""

    config = {**StateLock.config, ('lockstatus', 'state_lock_exempt'): [
        'PUT /servers/{server_id}/tags',
        'DELETE /servers/{server_id}/tags',
        'PUT /servers/{server_id}/tags/{tag}',
        'DELETE /servers/{server_id}/tags/{tag}']}
