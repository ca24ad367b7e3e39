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

"""The texts that the demo prints."""

import json
from collections.abc import Iterable
from typing import Any

import prettytable

from nova_lockstatus.embedded import nova
from nova_lockstatus.embedded import nova_fixture
from nova_lockstatus.embedded import sample_data
from nova_lockstatus.embedded import sample_locks

_WHO = ('admin', 'owner', 'reader', 'other')
_KEYS = ('status', 'locked', 'locked_by', 'locked_reason', 'locked_until',
         'delete_protected', 'host_status')

_COMMANDS = """\
A client of the oldest API, and of 2.1 without a microversion:
  curl -s -H 'X-Auth-Token: owner' {url}/v2/servers/{db} | python3 -m json.tool
  curl -s -H 'X-Auth-Token: owner' {url}/v2.1/servers/{db} | \
python3 -m json.tool
The same answer as Nova gives it to those that ask for 2.73 or newer:
  curl -s -H 'X-Auth-Token: owner' -H 'OpenStack-API-Version: compute 2.73' \
{url}/v2.1/servers/{db} | python3 -m json.tool
A lock refuses, here to stop billing-1 (the owner may not unlock it either):
  curl -s -H 'X-Auth-Token: owner' -H 'Content-Type: application/json' \
-d '{{"os-stop": null}}' {url}/v2.1/servers/{billing}/action
The lock of mail-1 ends by itself; archive-1 may be stopped, but not deleted:
  curl -s -H 'X-Auth-Token: owner' {url}/v2.1/servers/{mail}/os-locks | \
python3 -m json.tool
  curl -s -X DELETE -H 'X-Auth-Token: owner' {url}/v2.1/servers/{archive}
The project other is locked, and so is shop-1 in it:
  curl -s -H 'X-Auth-Token: other' {url}/v2.1/servers/{shop}/os-locks | \
python3 -m json.tool
All locks, of servers and of projects:
  curl -s -H 'X-Auth-Token: admin' {url}/v2.1/os-locks | python3 -m json.tool
The OpenStack client (the clouds: admin, owner, member, reader, other):
  export OS_CLIENT_CONFIG_FILE={clouds}
  openstack --os-cloud owner server list --long
  openstack --os-cloud owner --os-compute-api-version 2.1 \
server show db-1 -f json
  openstack --os-cloud owner --os-compute-api-version 2.73 \
server lock --reason 'in use' web-1
  openstack --os-cloud owner server unlock web-1
  openstack --os-cloud admin server list --all-projects --long
  openstack --os-cloud admin server unlock {billing}
  openstack --os-cloud admin --os-compute-api-version 2.73 \
server lock --reason 'unpaid invoice 4711' {billing}
  openstack --os-cloud owner --os-compute-api-version 2.37 \
server create --flavor m1.tiny \
--image {image} --nic none --wait mine
  openstack --os-cloud owner server delete --wait mine
"""


def table(embedded: nova.EmbeddedNova) -> str:
    """Make a table of the servers that each identity sees."""
    visible = {who: sample_data.list_servers(embedded, who) for who in _WHO}
    names = sorted(visible['admin'])
    result = prettytable.PrettyTable(['as', 'server', *_KEYS])
    result.align = 'l'
    for who, servers in visible.items():
        for name in names:
            result.add_row([who, name, *_row(servers.get(name))])
    text: str = result.get_string()
    return text


def _row(server: dict[str, Any] | None) -> Iterable[str]:
    if server is None:
        return ['not visible', *[''] * (len(_KEYS) - 1)]
    return [_cell(server, key) for key in _KEYS]


def _cell(server: dict[str, Any], key: str) -> str:
    if key not in server:
        return '-'
    value = server[key]
    return value if isinstance(value, str) else json.dumps(value)


def commands(embedded: nova.EmbeddedNova, url: str, clouds: str) -> str:
    """Make the list of commands to try in a shell."""
    servers = sample_data.list_servers(embedded, 'admin')
    ids = {name: servers.get(name, {}).get('id', 'SERVER')
           for name in ('db-1', 'billing-1', *sample_locks.NAMES)}
    return _COMMANDS.format(
        url=url, clouds=clouds, db=ids['db-1'], billing=ids['billing-1'],
        mail=ids[sample_locks.ENDING], archive=ids[sample_locks.PROTECTED],
        shop=ids[sample_locks.OF_A_PROJECT], image=nova_fixture.IMAGE)
