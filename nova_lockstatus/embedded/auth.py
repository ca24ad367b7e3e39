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

"""WSGI middleware in place of Keystone's, with static identities."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from nova_lockstatus.embedded import identity as identities

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]

#: The key that EdgeMiddleware sets in the environment of each request: None,
#: or the identity that counts instead of the request's token.
IDENTITY = 'nova_lockstatus.embedded.identity'

#: The headers that only Keystone's middleware may set.
_RESERVED = (
    'HTTP_X_USER', 'HTTP_X_PROJECT', 'HTTP_X_ROLE', 'HTTP_X_DOMAIN',
    'HTTP_X_TENANT', 'HTTP_X_SERVICE', 'HTTP_X_IDENTITY', 'HTTP_X_IS_ADMIN',
    'HTTP_X_AUTH_USER', 'HTTP_X_AUTH_PROJECT', 'HTTP_OPENSTACK_SYSTEM_SCOPE')

_REFUSAL = json.dumps({'error': {
    'code': 401, 'title': 'Unauthorized',
    'message': 'The request you have made requires authentication.'}}).encode()


class EdgeMiddleware:
    """Drops the headers that a client from outside may not set.

    Requests of Nova's own test clients do not pass it, so that AuthToken
    leaves them as they are.
    """

    def __init__(self, app: WSGIApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse
                 ) -> Iterable[bytes]:
        for key in [key for key in environ if key.startswith(_RESERVED)]:
            del environ[key]
        environ.setdefault(IDENTITY, None)
        return self._app(environ, start_response)


class AuthToken:
    """Turns a token into the headers that Keystone's middleware sets."""

    def __init__(self, app: WSGIApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse
                 ) -> Iterable[bytes]:
        if IDENTITY in environ:
            identity = environ[IDENTITY] or identities.IDENTITIES.get(
                environ.get('HTTP_X_AUTH_TOKEN', ''))
            if identity is None:
                return _refuse(environ, start_response)
            environ.update(identity.environ())
        return self._app(environ, start_response)


def _refuse(environ: Environ, start_response: StartResponse) -> list[bytes]:
    host = environ.get('HTTP_HOST', 'localhost')
    start_response('401 Unauthorized', [
        ('Content-Type', 'application/json'),
        ('Content-Length', str(len(_REFUSAL))),
        ('WWW-Authenticate', f'Keystone uri="http://{host}/identity"')])
    return [_REFUSAL]


def filter_factory(global_conf: dict[str, str], **local_conf: str
                   ) -> Callable[[WSGIApp], AuthToken]:
    """Make the filter for paste.deploy."""
    return AuthToken
