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

"""Requests for the calls of Nova, most of them with something wrong."""

import collections
import itertools
import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.embedded import identity
from nova_lockstatus.embedded import nova_fixture
from nova_lockstatus.tests.fixtures import state_lock_requests as known
from nova_lockstatus.tests.fuzz import headers
from nova_lockstatus.tests.fuzz import requests as fuzz_requests
from nova_lockstatus.tests.fuzz import values
from nova_lockstatus.tests.fuzz.values import one_in

LOCKS = {
    'lock': [known.Request(version, body) for version in ('2.1', '2.73')
             for body in (None, {'locked_reason': None},
                          {'locked_reason': 'why'})],
    'unlock': known.both(),
}

OTHERS: dict[str, list[known.Request]] = {
    'POST /servers': known.both({'server': {
        'name': 'new', 'imageRef': nova_fixture.IMAGE, 'flavorRef': '1',
        'networks': 'none'}}, since='2.37'),
    'POST /os-server-external-events': known.both({'events': [
        {'name': 'power-update', 'tag': 'POWER_OFF',
         'server_uuid': '{LOCKED}'}]}, since='2.76'),
}

GOOD = known.CHANGES | known.EXEMPT | known.READS | LOCKS | OTHERS

LISTS = ('/servers', '/servers/detail', '/os-hypervisors',
         '/os-hypervisors/detail')

HYPERVISOR_IDS = ('1', '{HYPERVISOR}', 'compute1', '2')

ALL = ('path', 'query', 'headers', 'body')

WRONG = {
    False: ('body', 'body', 'body', 'path', 'query', 'headers', ALL),
    True: ('query', 'query', 'query', 'path', 'headers', 'body', ALL),
}
"""What is not right of a request, for calls with GET and for others."""

METHODS = st.sampled_from((
    'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE',
    'get', 'LOCK', ''))

WEIGHTS = {'locks': 6, 'actions': 3, 'servers': 3, 'lists': 5,
           'hypervisors': 4, 'others': 1}

SERVERS_KEYS = (
    *('locked', 'locked_by', 'locked_reason') * 3, *('host_status',) * 9,
    *('sort_key', 'sort_dir', 'limit', 'marker', 'all_tenants') * 2,
    'status', 'name', 'changes-since', 'changes-before', 'tags',
    'not-tags-any', 'ip', 'deleted', 'vm_state', 'power_state', 'host', 'node',
    'uuid', 'project_id', 'tenant_id', 'metadata', 'system_metadata', 'image',
    'flavor', 'soft_deleted', 'config_drive', 'services')

HYPERVISORS_KEYS = (
    *('state', 'status') * 4, 'hypervisor_hostname_pattern',
    'with_servers', 'limit', 'marker', 'forced_down', 'disabled_reason')

GOOD_VALUES = (
    'true', 'false', 'True', '1', '0', 'admin', 'owner', 'unpaid', 'UP',
    'UP,UNKNOWN', 'DOWN', '', ',', 'UNKNOWN', 'up', 'down', 'enabled',
    'disabled', 'up,down', 'locked', 'locked_by', 'locked_reason',
    'host_status', 'created_at', 'uuid', 'asc', 'desc', 'compute1', '2',
    'ACTIVE', 'blue', '2026-01-01T00:00:00Z', *values.KNOWN_IDS)


class Call(NamedTuple):
    """A call of Nova.

    :param name: as ``state_lock_calls.py`` names calls
    :param method: its HTTP method
    :param path: its path, as Nova's table of routes has it
    """

    name: str
    method: str
    path: str


def _group(call: Call) -> str:
    if call.name in LOCKS:
        return 'locks'
    if call.path in LISTS[:2] and call.method == 'GET':
        return 'lists'
    if call.path.startswith('/os-hypervisors'):
        return 'hypervisors'
    if not call.path.startswith(('/servers', '/os-volumes_boot',
                                 '/os-floating-ips')):
        return 'others'
    return 'servers' if ' ' in call.name else 'actions'


def groups() -> dict[str, list[Call]]:
    """Sort the calls that the installed Nova has.

    :returns: the calls, by the keys of WEIGHTS
    """
    result = collections.defaultdict(list)
    for name, method, path, _function in state_lock.calls():
        call = Call(name, method, path)
        # Of these there is most to go wrong.
        often = call.name == 'lock' or call.path in LISTS
        result[_group(call)].extend([call] * (3 if often else 1))
    return dict(result)


def all_requests() -> st.SearchStrategy[fuzz_requests.Request]:
    """Make the strategy of all requests to the installed Nova.

    :returns: the strategy
    """
    sorted_calls = groups()
    assert sorted_calls.keys() == WEIGHTS.keys(), sorted_calls.keys()
    return _requests(st.sampled_from(list(itertools.chain.from_iterable(
        [name] * weight for name, weight in WEIGHTS.items()))).flatmap(
            lambda name: st.sampled_from(sorted_calls[name])))


def list_requests() -> st.SearchStrategy[fuzz_requests.Request]:
    """Make the strategy of requests for lists, which change nothing.

    :returns: the strategy
    """
    return _requests(st.sampled_from([
        call for calls in groups().values() for call in calls
        if call.method == 'GET' and call.path in LISTS])).filter(
            lambda request: request.reads)


@st.composite
def _requests(draw, calls):
    call = draw(calls)
    good = draw(st.sampled_from(GOOD.get(call.name, [known.Request()])))
    who = draw(headers.WHO)
    wrong = draw(st.sampled_from(WRONG[call.method == 'GET']))
    method = draw(METHODS) if one_in(draw, 40) else call.method
    target = (draw(_apis(who) if 'path' in wrong else _right_apis(who))
              + draw(_paths(call.path, good, 'path' in wrong)))
    if 'query' in wrong and (call.path in LISTS or one_in(draw, 4)):
        # Nova takes both.
        target += '?' + draw(st.sampled_from('&&&;')).join(draw(st.lists(
            _parameters(call.path), min_size=1, max_size=4)))
    if one_in(draw, 40):
        # Nova routes the request as if it had this method.
        target += '?&'['?' in target] + '_method=' + draw(METHODS)
    body = b''
    if 'body' in wrong:
        body = draw(_bodies(call, good))
    elif call.method != 'GET' and (good.body or ' ' not in call.name):
        body = json.dumps(_body(call, good.body)).encode()
    make = headers.malformed if 'headers' in wrong else headers.right
    return fuzz_requests.Request(
        call.name, method, target,
        draw(make(who, good.microversion, bool(body))), body)


@st.composite
def _right_apis(draw, who):
    return draw(st.sampled_from(('/v2.1', '/v2.1', '/v2'))) + draw(
        st.sampled_from(('', '', '/' + identity.IDENTITIES[who].project_id)))


@st.composite
def _apis(draw, who):
    if one_in(draw, 8):
        return draw(st.sampled_from((
            '', '/', '/v2.1/', '/v2.1//', '/v2/%ff', '/v2.1/%00', '/v1.1',
            '/V2.1', '/v2.1/..', '/v2.1;x')))
    if one_in(draw, 8):
        who = draw(headers.WHO)
    return draw(_right_apis(who))


@st.composite
def _paths(draw, path, good, wrong):
    number = itertools.count()
    servers = path.startswith(('/servers', '/os-volumes_boot'))
    parts = []
    for part in path.split('/'):
        if part.startswith('{'):
            if wrong and one_in(draw, 3):
                part = draw(values.IDS)
            elif not next(number) and servers:
                part = draw(st.sampled_from(values.KNOWN_IDS))
            elif path.startswith('/os-hypervisors'):
                part = draw(st.sampled_from(HYPERVISOR_IDS))
            else:
                part = good.id
        parts.append(part)
    if wrong and one_in(draw, 8):
        parts[-1] += draw(st.sampled_from(
            ('/', '//', '.json', '%00', '%2f', '/x', ';a=b')))
    return '/'.join(parts)


@st.composite
def _parameters(draw, path):
    keys = (HYPERVISORS_KEYS if path.startswith('/os-hypervisors')
            else SERVERS_KEYS)
    key = draw(values.URL_WORDS if one_in(draw, 8) else st.sampled_from(keys))
    if key in keys and one_in(draw, 20):
        key = '%%%02x' % ord(key[0]) + key[1:]
    if one_in(draw, 20):
        key += draw(st.sampled_from((*values.ESCAPES, '[]', '[0]')))
    value = draw(values.URL_WORDS if one_in(draw, 4)
                 else values.EXPRESSIONS if one_in(draw, 6)
                 else st.sampled_from(GOOD_VALUES))
    return key + draw(st.sampled_from(('=',) * 12 + ('', '==', ';'))) + value


def _body(call: Call, body: Any) -> Any:
    return body if ' ' in call.name else {call.name: body}


@st.composite
def _bodies(draw, call, good):
    if one_in(draw, 15):
        return draw(values.NO_JSON)
    body = _body(call, good.body)
    if call.name == 'lock' and draw(st.booleans()):
        body = {'lock': {'locked_reason': draw(values.TEXTS | values.JUNK)}}
    elif not one_in(draw, 8):
        body = draw(values.mutated(body))
    return draw(values.bodies(body))
