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

"""What the tests share."""

import json
from typing import Any

from tempest import config
from tempest import test
from tempest.common import compute
from tempest.common import waiters
from tempest.lib.common import api_microversion_fixture
from tempest.lib.common import api_version_request
from tempest.lib.common import api_version_utils
from tempest.lib.common.utils import test_utils

CONF = config.CONF

LOCKED_STATUS = 'os-server-locked-status'
HOST_STATUS = 'os-server-host-status'
HYPERVISOR_STATUS = 'os-hypervisor-status'
STATE_LOCK = 'os-server-state-lock'


class LockStatusTest(test.BaseTestCase):
    """A test of an extension, skipped where the cloud does not have it.

    :cvar extension: its alias
    """

    credentials = ['primary']

    extension: str

    @classmethod
    def skip_checks(cls) -> None:
        """Skip the tests of a cloud without Nova."""
        super().skip_checks()
        if not CONF.service_available.nova:
            raise cls.skipException('Nova is not available')

    @classmethod
    def setup_clients(cls) -> None:
        """Skip or fail where the extension is not enabled.

        :raises AssertionError: when tempest.conf says that the cloud must
            have it
        """
        super().setup_clients()
        if cls._is_enabled():
            return
        problem = 'The cloud does not have the extension ' + cls.extension
        if cls.extension in CONF.lockstatus.required_extensions:
            raise AssertionError(problem)
        raise cls.skipException(problem)

    @classmethod
    def _is_enabled(cls) -> bool:
        extensions = cls.os_primary.extensions_client.list_extensions()
        if cls.extension not in {each['alias']
                                 for each in extensions['extensions']}:
            return False
        # NOTE: stock Nova lists this alias, too, but does not show the key.
        return cls.extension != HYPERVISOR_STATUS or any(
            'forced_down' in each for each in get(
                cls.os_admin.hypervisor_client,
                'os-hypervisors')['hypervisors'])

    @classmethod
    def create_server(cls) -> str:
        """Boot a server of the primary user for the tests of the class.

        :returns: its id
        """
        server, _servers = compute.create_test_server(
            cls.os_primary, tenant_network=cls.get_tenant_network(),
            wait_until='ACTIVE')
        client = cls.os_primary.servers_client
        # The last one is called first.
        cls.addClassResourceCleanup(
            waiters.wait_for_server_termination, client, server['id'])
        for method in (client.delete_server, client.unlock_server):
            cls.addClassResourceCleanup(
                test_utils.call_and_ignore_notfound_exc, method, server['id'])
        return str(server['id'])

    def at(self, microversion: str | None) -> Any:
        """Return a context in which requests have a microversion.

        :param microversion: the microversion, None: none, which is 2.1
        :raises skipException: when tempest.conf does not allow it
        """
        if microversion:
            api_version_utils.check_skip_with_microversion(
                microversion, microversion, CONF.compute.min_microversion,
                CONF.compute.max_microversion)
        return api_microversion_fixture.APIMicroversionFixture(
            compute_microversion=microversion)

    def newest(self) -> str:
        """Return the newest microversion of the cloud and of tempest.conf."""
        client = self.os_primary.compute_versions_client
        offered = [each['version']
                   for each in client.list_versions()['versions']
                   if each.get('version')]
        if not offered or not CONF.compute.max_microversion:
            raise self.skipException('[compute]max_microversion is not set')
        newest = min(
            max(map(api_version_request.APIVersionRequest, offered)),
            api_version_request.APIVersionRequest(
                CONF.compute.max_microversion))
        return str(newest.get_string())

    def legacy(self, client: Any) -> Any:
        """Return a client of ``/v2`` in place of one of ``/v2.1``.

        :param client: the client, with its user
        :raises skipException: when tempest.conf does not name ``/v2``
        """
        service = CONF.lockstatus.legacy_service_type
        if not service:
            raise self.skipException(
                '[lockstatus]legacy_service_type is not set')
        return type(client)(client.auth_provider, service, client.region)


def get(client: Any, path: str) -> Any:
    """Make a GET request whose response no schema of Tempest is applied to.

    Tempest may not know each key of the cloud's newest microversion.

    :param client: the client
    :param path: the path, with the query
    :returns: the body
    """
    return json.loads(client.get(path)[1])


def show(client: Any, server_id: str) -> dict[str, Any]:
    """Show a server.

    :param client: the client of its user
    :param server_id: its id
    :returns: the server
    """
    server: dict[str, Any] = get(client, 'servers/' + server_id)['server']
    return server


def ids(client: Any, query: str, detail: bool = False) -> set[str]:
    """List servers.

    :param client: the client of their user
    :param query: the query
    :param detail: whether the list is the detailed one
    :returns: their ids
    """
    path = 'servers/detail?' if detail else 'servers?'
    return {each['id'] for each in get(client, path + query)['servers']}
