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

"""What the gabbi files name as their fixtures: an embedded Nova each."""

import os
from collections.abc import Mapping

from gabbi import fixture

from nova_lockstatus.embedded import case
from nova_lockstatus.embedded import identity
from nova_lockstatus.embedded import nova
from nova_lockstatus.policies import server_locked_status as policies

REASON = 'Quarterly close \U0001f512'


class Cloud(fixture.GabbiFixture):
    """A Nova with the plugin as an operator enables it, and no servers."""

    policy: Mapping[str, str] = {}
    running: 'Cloud | None' = None

    def start_fixture(self) -> None:
        self.nova = nova.EmbeddedNova(policy=self.policy)
        self.nova.setUp()
        type(self).running = Cloud.running = self
        os.environ['PROJECT_ID'] = identity.OWNER.project_id
        os.environ['IMAGE'] = case.IMAGE

    def stop_fixture(self) -> None:
        self.nova.cleanUp()


class OneServer(Cloud):
    """One server, which nobody has locked yet."""

    def start_fixture(self) -> None:
        super().start_fixture()
        os.environ['SERVER'] = self.nova.boot_server('db')


class LockedServers(Cloud):
    """Four servers: unlocked, and locked in three ways."""

    def start_fixture(self) -> None:
        super().start_fixture()
        for variable, name in (('UNLOCKED', 'web'), ('OWNER_LOCKED', 'db'),
                               ('NO_REASON', 'cache'),
                               ('ADMIN_LOCKED', 'billing')):
            os.environ[variable] = self.nova.boot_server(name)
        self._lock('OWNER_LOCKED', 'owner', {'locked_reason': REASON})
        self._lock('NO_REASON', 'owner', None)
        self._lock('ADMIN_LOCKED', 'admin',
                   {'locked_reason': 'unpaid invoice 4711'})

    def _lock(self, variable: str, token: str,
              lock: dict[str, str] | None) -> None:
        answer = self.nova.request(
            'POST', '/v2.1/servers/%s/action' % os.environ[variable],
            token, {'lock': lock}, '2.73')
        assert answer.status_code == 202, answer.text


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
