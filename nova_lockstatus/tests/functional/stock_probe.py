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

"""Compares stock Nova's answers, byte for byte, with those beside the plugin.

Run in a process of its own, so that stock Nova is asked before a hook is in
it. Writes a JSON object to the file that its argument names: how many calls
were compared, what differed, and how the filter itself answers one of them.
"""

import json
import re
import sys

from nova_lockstatus.embedded import identity
from nova_lockstatus.embedded import nova
from nova_lockstatus.tests.functional import base

# Made anew for each request.
IGNORED_HEADERS = ('x-compute-request-id', 'x-openstack-request-id')

# Changed by the PUT among the calls.
UPDATED = re.compile('"updated": "[^"]*"')

PROJECT = identity.OWNER.project_id


def calls(server_id):
    """Yield calls as (method, path, token, microversion, body)."""
    for microversion in ('2.1', '2.9', '2.73', 'latest'):
        for path in ('/servers', '/servers/detail', '/servers/' + server_id,
                     '/flavors/detail', '/limits', '/os-volumes_boot/detail',
                     '/os-keypairs'):
            yield 'GET', '/v2.1' + path, 'owner', microversion, None
        for path in ('/servers/detail?all_tenants=1', '/os-hypervisors',
                     '/os-hypervisors/detail', '/os-aggregates', '/extensions',
                     '/servers?locked=true', '/servers?locked=x'):
            yield 'GET', '/v2.1' + path, 'admin', microversion, None
        yield ('PUT', '/v2.1/servers/' + server_id, 'owner', microversion,
               {'server': {'name': 'db'}})
        yield ('POST', '/v2.1/servers/%s/action' % server_id, 'owner',
               microversion, {'lock': {'locked_reason': 7}})
        yield ('POST', '/v2.1/servers/%s/action' % server_id, 'owner',
               microversion, {'os-stop': None})
    for path in ('/servers', '/servers/detail', '/servers/' + server_id,
                 '/extensions', '/extensions/os-server-locked-status',
                 '/extensions/os-lock-server', '/servers/no-such-server'):
        yield 'GET', '/v2/%s%s' % (PROJECT, path), 'owner', None, None
        yield 'GET', '/v2.1/%s%s' % (PROJECT, path), 'owner', None, None
    yield 'GET', '/', 'owner', None, None
    yield 'GET', '/v2.1/', 'owner', None, None
    yield 'GET', '/v2.1/servers', 'nobody', None, None
    yield 'GET', '/v2.1/servers', 'owner', '2.9999', None
    yield 'GET', '/v2.1/servers', 'owner', 'x', None
    yield 'GET', '/v2.1/no-such-path', 'owner', None, None
    yield 'DELETE', '/v2.1/extensions', 'owner', None, None
    yield ('POST', '/v2.1/servers/%s/action' % server_id, 'owner', None,
           {'no-such-action': None})


def answers(app, server_id):
    """Ask an application all of the calls."""
    found = []
    for call in calls(server_id):
        answer = base.ask(app, *call)
        headers = sorted(
            (name.lower(), value) for name, value in answer.headers.items()
            if name.lower() not in IGNORED_HEADERS)
        found.append((answer.status, headers,
                      UPDATED.sub('', answer.body.decode())))
    return found


def main(target):
    with nova.EmbeddedNova(filter=False) as cloud:
        server_id = cloud.boot_server('db')
        cloud.request('POST', '/v2.1/servers/%s/action' % server_id, 'owner',
                      {'lock': {'locked_reason': 'why'}}, '2.73')
        stock = answers(cloud.app, server_id)
        others = {
            'no extension': base.load_app(enabled_extensions=''),
            'filter in v2 only': base.load_app(pipelines=('v2',)),
            'filter in v2.1 only': base.load_app(pipelines=('v2.1',)),
            'no filter beside filters': base.load_app(pipelines=()),
        }
        different = []
        for name, app in others.items():
            for call, expected, answer in zip(
                    calls(server_id), stock, answers(app, server_id)):
                if (name == 'filter in v2 only' and '/v2/' in call[1]
                        or name == 'filter in v2.1 only'
                        and '/v2.1' in call[1]):
                    continue
                if answer != expected:
                    different.append([name, call, expected, answer])
        filtered = base.ask(others['filter in v2.1 only'], 'GET',
                            '/v2.1/servers/' + server_id, 'owner')
        result = {'calls': len(stock),
                  'different': different,
                  'statuses': sorted({int(answer[0].split()[0])
                                      for answer in stock}),
                  'filtered': filtered.json['server']}
    with open(target, 'w') as file:
        json.dump(result, file)


if __name__ == '__main__':
    main(sys.argv[1])
