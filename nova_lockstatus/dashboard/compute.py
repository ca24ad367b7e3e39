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


"""Calls the compute API as the user who is logged in to Horizon."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from openstack_auth import utils as auth_utils
from openstack_dashboard.api import base

from nova_lockstatus.utils import terminal

# Seconds: Horizon answers nobody else meanwhile, where it has one process.
TIMEOUT = 60

Query = Iterable[tuple[str, str]]


class ComputeError(Exception):
    """A call that failed.

    :param text: Nova's own, in characters that print, or one of the plugin's
        that is translated when it is shown
    :param status: of HTTP, None without a response
    """

    def __init__(self, text: Any, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class ComputeClient:
    """A client of the compute API, which threads may share.

    :param request: of Horizon, of which it takes the user, the region and
        the settings
    :param timeout: how long a call may take, in seconds
    """

    def __init__(self, request: Any, timeout: float = TIMEOUT) -> None:
        self.url: str = base.url_for(request, 'compute')
        self._timeout = timeout
        self._session = session.Session(
            auth=token_endpoint.Token(self.url, request.user.token.id),
            verify=(not settings.OPENSTACK_SSL_NO_VERIFY
                    and (settings.OPENSTACK_SSL_CACERT or True)),
            original_ip=auth_utils.get_client_ip(request),
            app_name='horizon')

    def get(
        self, path: str, query: Query = (), microversion: str | None = None,
    ) -> dict[str, Any]:
        """Send a GET request.

        :param path: below the URL of the compute service
        :param query: the parameters, of which one may be there several times
        :raises ComputeError: when it fails
        :raises horizon.exceptions.NotAuthenticated: when the session of the
            user has ended
        """
        body: dict[str, Any] = self._call(
            'GET', path, microversion, params=list(query)).json()
        return body

    def act(self, server_id: str, body: dict[str, Any]) -> None:
        """Run a server action.

        :param body: such as ``{'unlock': None}``
        :raises ComputeError: when it fails
        :raises horizon.exceptions.NotAuthenticated: when the session of the
            user has ended
        """
        self._call('POST', '/servers/%s/action' % server_id, None, json=body)

    def put(
        self, path: str, body: dict[str, Any], microversion: str,
    ) -> None:
        """Send a PUT request.

        :raises ComputeError: when it fails
        :raises horizon.exceptions.NotAuthenticated: when the session of the
            user has ended
        """
        self._call('PUT', path, microversion, json=body)

    def _call(
        self, method: str, path: str, microversion: str | None, **kwargs: Any,
    ) -> Any:
        try:
            response = self._session.request(
                path, method, raise_exc=False, microversion=microversion,
                endpoint_filter={'service_type': 'compute'},
                headers={'Accept': 'application/json'},
                timeout=self._timeout, **kwargs)
        except ksa_exceptions.ClientException as exc:
            raise ComputeError(
                _('The compute service does not answer.')) from exc
        if response.status_code == 401:
            raise exceptions.NotAuthenticated()
        if response.status_code >= 400:
            raise ComputeError(_text_of(response), response.status_code)
        return response


def _text_of(response: Any) -> Any:
    """Read the message of an error response, else HTTP's reason."""
    try:
        # NOTE: {"conflictingRequest": {"message": ...}}, and for a wrong
        # microversion {"errors": [{"detail": ...}]}.
        (found,) = response.json().values()
        if isinstance(found, list):
            found = found[0]
        text = found.get('message') or found['detail']
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        text = response.reason
        if not text:
            return _('The compute service gives no reason.')
    # It can quote the reason of a lock, which a user wrote.
    return terminal.escape(' '.join(str(text).split()))
