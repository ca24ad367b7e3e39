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

"""The part of Keystone that an OpenStack client needs.

The users are static, their passwords are their names, and their tokens too:
this is for one's own machine only.
"""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import webob
import webob.dec
import webob.exc
import yaml

from nova_lockstatus.embedded import identity as identities

_REGION = 'RegionOne'
_DOMAIN = {'id': 'default', 'name': 'Default'}
_TIME = '%Y-%m-%dT%H:%M:%S.%fZ'

_NAMES = {identity.user_id: identity.user_name
          for identity in identities.IDENTITIES.values()}


class Keystone:
    """Serve a part of the Identity API v3.

    :param url: where the demo's server is, such as ``http://127.0.0.1:8774``
    :param network: whether the catalog has a network service
    """

    def __init__(self, url: str, network: bool = False) -> None:
        self._url = url
        self._services = (
            ('identity', 'keystone', '/identity/v3'),
            ('compute', 'nova', '/v2.1'),
            ('image', 'glance', '/image'),
            *((('network', 'neutron', '/network'),) if network else ()))

    @webob.dec.wsgify  # type: ignore[untyped-decorator]
    def __call__(self, request: webob.Request) -> webob.Response:
        try:
            return self._answer(request)
        except webob.exc.HTTPException as exc:
            return webob.Response(status=exc.code, json={'error': {
                'code': exc.code, 'title': exc.title,
                'message': exc.detail or exc.explanation}})

    def _answer(self, request: webob.Request) -> webob.Response:
        path = [part for part in request.path_info.split('/') if part]
        if not path:
            return webob.Response(status=300, json={
                'versions': {'values': [self._version()]}})
        if path == ['v3']:
            return webob.Response(json={'version': self._version()})
        if path == ['v3', 'auth', 'tokens']:
            return self._tokens(request)
        identity = _caller(request)
        if path == ['v3', 'auth', 'catalog']:
            return webob.Response(json={'catalog': self._catalog()})
        if path == ['v3', 'auth', 'projects']:
            return webob.Response(
                json={'projects': _projects(identity.project_id)})
        if path[:2] == ['v3', 'users'] and path[3:] == ['projects']:
            return webob.Response(
                json={'projects': _projects_of_user(identity, path[2])})
        collections = {
            'users': _users(), 'projects': _projects(),
            'domains': [_DOMAIN]}
        if path[0] != 'v3' or path[1] not in collections or len(path) > 3:
            raise webob.exc.HTTPNotFound(
                'The demo has a small part of Keystone only.')
        return _collection(request, path[1], collections[path[1]], path[2:])

    def _version(self) -> dict[str, Any]:
        return {'id': 'v3.14', 'status': 'stable',
                'updated': '2020-04-07T00:00:00Z',
                'links': [{'rel': 'self',
                           'href': f'{self._url}/identity/v3/'}],
                'media-types': []}

    def _tokens(self, request: webob.Request) -> webob.Response:
        if request.method == 'POST':
            identity, methods = _authenticate(request), ['password']
        else:
            _caller(request)
            identity, methods = _known(
                request.headers.get('X-Subject-Token'),
                webob.exc.HTTPNotFound), ['token']
        if request.method == 'DELETE':
            return webob.Response(status=204)
        answer = webob.Response(
            status=201 if request.method == 'POST' else 200,
            json={'token': self._token(identity, methods)})
        answer.headers['X-Subject-Token'] = identity.token
        return answer

    def _token(
        self, identity: identities.Identity, methods: list[str],
    ) -> dict[str, Any]:
        now = datetime.datetime.now(datetime.timezone.utc)
        return {
            'methods': methods,
            'user': {'id': identity.user_id, 'name': identity.user_name,
                     'domain': _DOMAIN, 'password_expires_at': None},
            'project': {'id': identity.project_id,
                        'name': identity.project_name, 'domain': _DOMAIN},
            'is_domain': False,
            'roles': [{'id': _id(role), 'name': role}
                      for role in identity.roles],
            'catalog': self._catalog(),
            'audit_ids': [_id(identity.token)],
            'issued_at': now.strftime(_TIME),
            'expires_at': (now + datetime.timedelta(days=1)).strftime(_TIME)}

    def _catalog(self) -> list[dict[str, Any]]:
        return [
            {'id': _id(kind), 'type': kind, 'name': name, 'endpoints': [{
                'id': _id(f'{kind} endpoint'), 'interface': 'public',
                'region': _REGION, 'region_id': _REGION,
                'url': self._url + path}]}
            for kind, name, path in self._services]


def write_clouds(path: str, url: str) -> None:
    """Write a clouds.yaml with one cloud for each identity."""
    clouds = {
        identity.token: {
            'auth': {
                'auth_url': f'{url}/identity/v3',
                'username': identity.user_name,
                'password': identity.user_name,
                'project_name': identity.project_name,
                'user_domain_id': 'default',
                'project_domain_id': 'default'},
            'region_name': _REGION,
            'identity_api_version': '3'}
        for identity in identities.IDENTITIES.values()}
    with open(path, 'w', encoding='utf-8') as target:
        yaml.safe_dump({'clouds': clouds}, target)


def _authenticate(request: webob.Request) -> identities.Identity:
    try:
        identity = request.json['auth']['identity']
        if 'token' in identity['methods']:
            token = identity['token']['id']
        else:
            user = identity['password']['user']
            token = user.get('name') or _NAMES.get(user.get('id'))
            if user['password'] != token:
                token = None
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise webob.exc.HTTPBadRequest(
            'Expecting a password or a token to authenticate with.') from exc
    return _known(token, webob.exc.HTTPUnauthorized)


def _caller(request: webob.Request) -> identities.Identity:
    return _known(
        request.headers.get('X-Auth-Token'), webob.exc.HTTPUnauthorized)


def _known(
    token: str | None, error: Callable[[str], Exception],
) -> identities.Identity:
    try:
        return identities.IDENTITIES[token or '']
    except KeyError:
        raise error('The request you have made requires authentication.'
                    ) from None


def _users() -> list[dict[str, Any]]:
    return [{'id': identity.user_id, 'name': identity.user_name,
             'domain_id': 'default', 'enabled': True,
             'default_project_id': identity.project_id}
            for identity in identities.IDENTITIES.values()]


def _projects(project_id: str | None = None) -> list[dict[str, Any]]:
    names = {identity.project_id: identity.project_name
             for identity in identities.IDENTITIES.values()}
    return [{'id': key, 'name': name, 'domain_id': 'default',
             'enabled': True, 'is_domain': False}
            for key, name in names.items() if project_id in (None, key)]


def _projects_of_user(
    caller: identities.Identity, user_id: str,
) -> list[dict[str, Any]]:
    if user_id != caller.user_id and 'admin' not in caller.roles:
        raise webob.exc.HTTPForbidden(
            'You are not authorized to perform the requested action.')
    if user_id not in _NAMES:
        raise webob.exc.HTTPNotFound('No such member of users.')
    return _projects(identities.IDENTITIES[_NAMES[user_id]].project_id)


def _collection(
    request: webob.Request,
    name: str,
    members: list[dict[str, Any]],
    path: list[str],
) -> webob.Response:
    if path:
        for member in members:
            if member['id'] == path[0]:
                return webob.Response(json={name.rstrip('s'): member})
        raise webob.exc.HTTPNotFound(f'No such member of {name}.')
    wanted = request.GET.get('name')
    return webob.Response(json={name: [
        member for member in members if wanted in (None, member['name'])]})


def _id(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_DNS, name).hex
