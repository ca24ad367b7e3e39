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

"""The servers of the demo."""

from collections.abc import Callable
from typing import Any

from nova_lockstatus.embedded import nova

HOSTS = ('compute1', 'compute2', 'compute3')

_SERVERS = {
    'web-1': 'compute1',
    'db-1': 'compute1',
    'billing-1': 'compute1',
    'batch-1': 'compute2',
    'cache-1': 'compute3',
}


def build(
    embedded: nova.EmbeddedNova, progress: Callable[[str], None],
) -> None:
    """Boot the demo's servers, lock some, and set the status of their hosts.

    Servers of an earlier run are left as they are.

    :raises RuntimeError: when Nova refuses a step
    """
    if list_servers(embedded, 'admin'):
        return
    ids = {}
    for name, host in _SERVERS.items():
        progress(f'Booting {name} on {host}')
        ids[name] = embedded.boot_server(name, host=host)
    progress('Locking db-1 as its owner, and billing-1 as an administrator')
    _lock(embedded, ids['db-1'], 'owner', 'failover planned for tonight')
    _lock(embedded, ids['billing-1'], 'admin', 'unpaid invoice 4711')
    progress('Disabling compute2, and forcing compute3 down')
    _set_service(embedded, 'compute2', {
        'status': 'disabled', 'disabled_reason': 'memory module replaced'})
    _set_service(embedded, 'compute3', {'forced_down': True})


def list_servers(
    embedded: nova.EmbeddedNova, token: str,
) -> dict[str, dict[str, Any]]:
    """List the servers at API 2.1, as a client of 2015 does.

    :param token: the token of the caller; an administrator lists all projects'
    :returns: the servers of the answer, by name
    :raises RuntimeError: when Nova refuses
    """
    everywhere = '?all_tenants=1' if token == 'admin' else ''
    answer = call(embedded, 'GET', f'/v2.1/servers/detail{everywhere}', token)
    return {server['name']: server for server in answer.json['servers']}


def _lock(
    embedded: nova.EmbeddedNova, uuid: str, token: str, reason: str,
) -> None:
    call(embedded, 'POST', f'/v2.1/servers/{uuid}/action', token,
          {'lock': {'locked_reason': reason}}, '2.73')


def _set_service(
    embedded: nova.EmbeddedNova, host: str, values: dict[str, Any],
) -> None:
    path = '/v2.1/os-services'
    found = call(embedded, 'GET', f'{path}?binary=nova-compute&host={host}',
                  'admin', microversion='2.53')
    service = found.json['services'][0]['id']
    call(embedded, 'PUT', f'{path}/{service}', 'admin', values, '2.53')


def call(
    embedded: nova.EmbeddedNova, method: str, path: str, *args: Any,
    **kwargs: Any,
) -> Any:
    """Make a call, and return the answer.

    :raises RuntimeError: when Nova refuses it
    """
    answer = embedded.request(method, path, *args, **kwargs)
    if answer.status_code >= 400:
        raise RuntimeError(f'{method} {path}: {answer.status} {answer.text}')
    return answer
