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

"""Calls the API of a Nova that runs in this process."""

import dataclasses
import json
import time
from collections.abc import Mapping
from typing import Any

import webob

from nova_lockstatus.embedded import auth
from nova_lockstatus.embedded import identity as identities
from nova_lockstatus.embedded import nova_fixture

WAIT_SECONDS = 120
"""How long a server may take to become what it is to be: one second on most
machines, and many where others work as well."""


class Client:
    """Calls the API of a Nova without a socket.

    A subclass has the API's WSGI application as ``app``.
    """

    app: auth.EdgeMiddleware

    def request(
        self,
        method: str,
        path: str,
        token: str | identities.Identity | None = None,
        body: Any = None,
        microversion: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> webob.Response:
        """Call the API.

        :param path: the path and query, such as ``/v2.1/servers``
        :param token: an X-Auth-Token, or an identity that has none
        :param body: the body, sent as JSON
        :param microversion: the compute API's, such as ``2.73``
        """
        request = webob.Request.blank(path, method=method)
        request.headers['Accept'] = 'application/json'
        if isinstance(token, identities.Identity):
            request.environ[auth.IDENTITY] = token
        elif token is not None:
            request.headers['X-Auth-Token'] = token
        if microversion is not None:
            request.headers['OpenStack-API-Version'] = (
                f'compute {microversion}')
            request.headers['X-OpenStack-Nova-API-Version'] = microversion
        if body is not None:
            request.headers['Content-Type'] = 'application/json'
            request.body = json.dumps(body).encode()
        request.headers.update(headers or {})
        return request.get_response(self.app)

    def boot_server(
        self,
        name: str,
        token: str = 'owner',
        host: str | None = None,
        wait: bool = True,
        networks: str | list[dict[str, str]] = 'none',
    ) -> str:
        """Boot a server.

        :param token: the token of the identity that it belongs to
        :param wait: whether to wait until it is ACTIVE
        :param networks: as POST /servers takes them
        :raises RuntimeError: when Nova refuses, or the server does not
            become ACTIVE within 30 seconds
        """
        identity = identities.IDENTITIES[token]
        flavors = self.request('GET', '/v2.1/flavors', token).json['flavors']
        server = {'name': name, 'imageRef': nova_fixture.IMAGE,
                  'flavorRef': flavors[0]['id'], 'networks': networks}
        if host is not None:
            server['host'] = host
            # NOTE: only an administrator chooses the host. The server must
            # be the owner's all the same, so the owner becomes one for this.
            identity = dataclasses.replace(
                identity, roles=('admin', *identity.roles))
        answer = self.request('POST', '/v2.1/servers', identity,
                              {'server': server}, '2.74')
        if answer.status_code != 202:
            raise RuntimeError(f'{name} cannot be booted: {answer.text}')
        uuid: str = answer.json['server']['id']
        if wait:
            self._wait_until_built(
                uuid, answer.headers['X-OpenStack-Request-ID'])
            self.wait_for(uuid, 'ACTIVE')
        return uuid

    def _wait_until_built(self, uuid: str, request_id: str) -> None:
        # NOTE: it is ACTIVE before that. But nova-compute is still to send
        # its last notification, and takes the server's ports away again if
        # that fails.
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._is_built(uuid, request_id):
            if time.monotonic() > deadline:
                raise RuntimeError(f'{uuid} is not built yet')
            time.sleep(0.05)

    def _is_built(self, uuid: str, request_id: str) -> bool:
        # NOTE: there is no such action until there is a cell for it.
        action = self.request(
            'GET', f'/v2.1/servers/{uuid}/os-instance-actions/{request_id}',
            'admin').json.get('instanceAction', {})
        return any(event['result'] == 'Error' or (
            event['event'].endswith('build_and_run_instance')
            and event['finish_time'])
            for event in action.get('events', ()))

    def wait_for(
        self, uuid: str, status: str, timeout: float = WAIT_SECONDS,
    ) -> dict[str, Any]:
        """Wait for a server to reach a status, and no task to be left.

        :param status: the status, such as ``SHUTOFF``
        :param timeout: how long, in seconds
        :returns: the server, as an administrator sees it at 2.1
        :raises RuntimeError: when it goes into ERROR, or takes longer
        """
        deadline = time.monotonic() + timeout
        while True:
            answer = self.request('GET', f'/v2.1/servers/{uuid}', 'admin')
            server: dict[str, Any] = answer.json.get('server', {})
            if (server.get('status') == status
                    and not server.get('OS-EXT-STS:task_state')):
                return server
            if server.get('status') == 'ERROR' or time.monotonic() > deadline:
                raise RuntimeError(f'{uuid} is not {status} but {answer.text}')
            time.sleep(0.05)
