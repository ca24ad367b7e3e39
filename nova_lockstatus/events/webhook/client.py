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

"""Posts to a webhook, at an address that is allowed."""

import dataclasses
import email.utils
import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

from nova_lockstatus import exception
from nova_lockstatus.events.webhook import allowed_addresses
from nova_lockstatus.events.webhook.connection import Connection
from nova_lockstatus.events.webhook.connection import DeadlineSocket
from nova_lockstatus.events.webhook.connection import Idle
from nova_lockstatus.events.webhook.connection import left
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.utils import logs
from nova_lockstatus.utils import terminal
from nova_lockstatus.utils import threads

LOG = logs.logger(__name__)


@dataclasses.dataclass(frozen=True)
class Response:
    """The response of a webhook.

    :param retry_after: the header of that name, None without one
    :param allowed_origin: WebHook-Allowed-Origin, None without one
    """

    status: int
    retry_after: str | None = None
    allowed_origin: str | None = None


def seconds_until(retry_after: str | None, now: float, most: float) -> float:
    """Read the header Retry-After.

    :param retry_after: its value: seconds, or a time; None without one
    :param now: the time, in seconds since 1970
    :param most: the longest delay in seconds that a webhook can ask for
    :returns: how long to wait, in seconds: 0 for a value that cannot be read
    """
    text = (retry_after or '').strip()
    try:
        seconds = float(int(text))
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(
                text).timestamp() - now
        except (ValueError, OverflowError):
            return 0
    except OverflowError:
        return most
    return min(max(0, seconds), most)


def _reason(error: Exception) -> str:
    return terminal.one_line(error).rstrip('.') or type(error).__name__


class WebhookClient:
    """Posts to one webhook.

    A connection is kept for the next POST, for a minute at the most. Each new
    one looks up the name again, and checks the addresses. A redirect is not
    followed, and the proxies of the environment are not used.

    :param allows: tells which addresses may be connected to
    :raises InvalidWebhook: when its certificates cannot be read
    """

    def __init__(self, endpoint: Endpoint, allows: allowed_addresses.Allows
                 ) -> None:
        self._endpoint = endpoint
        self._allows = allows
        # NOTE: getaddrinfo() takes no timeout.
        self._lookups = threads.Bulkhead(endpoint.timeout)
        self._idle = Idle(endpoint.parallel)
        self._tls = None
        if endpoint.is_tls:
            try:
                self._tls = ssl.create_default_context(cafile=endpoint.ca_file)
            except OSError as error:
                raise exception.InvalidWebhook(
                    name=endpoint.name,
                    problem='its ca_file cannot be read: %s' % error
                ) from error

    def post(self, body: bytes, headers: Mapping[str, str],
             method: str = 'POST') -> Response:
        """Post once.

        :param headers: its headers, besides those that HTTP needs
        :param method: POST, or OPTIONS to ask before the first POST
        :raises WebhookAddressNotAllowed: when the webhook has no address that
            is allowed
        :raises WebhookNotReached: when there is no response, or none in time
        """
        try:
            return self._post(body, headers, method)
        except http.client.HTTPException as error:
            # Without the cause, which has what the webhook has sent.
            raise exception.WebhookNotReached(reason=_reason(error)) from None
        except (OSError, ValueError) as error:
            raise exception.WebhookNotReached(
                reason=_reason(error)) from error

    def check(self) -> None:
        """Look up the addresses, without a connection.

        :raises WebhookAddressNotAllowed: when the webhook has no address that
            is allowed
        :raises WebhookNotReached: when its name cannot be looked up
        """
        try:
            self._look_up()
        except (OSError, ValueError) as error:
            raise exception.WebhookNotReached(
                reason=_reason(error)) from error

    def _post(self, body: bytes, headers: Mapping[str, str], method: str
              ) -> Response:
        deadline = time.monotonic() + self._endpoint.timeout
        kept = self._idle.take()
        if kept is not None:
            kept.use_until(deadline)
            try:
                return self._request(kept, body, headers, method)
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException):
                # NOTE: the other side may close an idle connection at any
                # time. If it has taken the event, it knows its id.
                LOG.debug('The webhook %s has closed a connection.',
                          self._endpoint.name)
        made = Connection(self._endpoint.host, self._endpoint.port,
                          self._connect(self._look_up(), deadline))
        return self._request(made, body, headers, method)

    def _request(self, connection: Connection, body: bytes,
                 headers: Mapping[str, str], method: str) -> Response:
        """Post over a connection, and keep or close it."""
        is_open = False
        try:
            connection.request(method, self._endpoint.path, body, {
                **headers, 'Host': self._endpoint.authority})
            response = connection.getresponse()
            result = Response(response.status,
                              response.getheader('Retry-After'),
                              response.getheader('WebHook-Allowed-Origin'))
            is_open = connection.finish(response)
            return result
        finally:
            if not (is_open and self._idle.put(connection)):
                connection.close()

    def _look_up(self) -> list[tuple[int, Any]]:
        """Call :meth:`_resolve` with the timeout of the webhook.

        :raises TimeoutError: when the name is not looked up in time, or the
            last lookup has not ended yet
        """
        try:
            return self._lookups.call('lookup', self._resolve)
        except TimeoutError as error:
            raise TimeoutError('its name was not looked up in time: timed out'
                               ) from error

    def _resolve(self) -> list[tuple[int, Any]]:
        """Look up the addresses that may be connected to.

        :returns: the family and the address of each
        """
        endpoint = self._endpoint
        found: list[tuple[int, Any]] = [
            (family, address) for family, _, _, _, address
            # NOTE: eventlet's has other names for its parameters.
            in socket.getaddrinfo(endpoint.host, endpoint.port, 0,
                                  socket.SOCK_STREAM)
            if family in (socket.AF_INET, socket.AF_INET6)]
        allowed = [(family, address) for family, address in found
                   if self._may_be(allowed_addresses.parse(address[0]))]
        if not allowed:
            raise exception.WebhookAddressNotAllowed(
                addresses=terminal.one_line(', '.join(sorted(
                    {str(address[0]) for _, address in found})) or 'none'))
        return allowed

    def _may_be(self, address: allowed_addresses.Address) -> bool:
        return self._allows(address) and (self._endpoint.is_tls
                                          or address.is_loopback)

    def _connect(self, found: list[tuple[int, Any]], deadline: float
                 ) -> DeadlineSocket:
        failed: OSError | None = None
        for tried, (family, address) in enumerate(found):
            # An address that does not answer leaves time for the others.
            share = left(deadline) / (len(found) - tried)
            until = time.monotonic() + share
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(share)
                sock.connect(address)
                if self._tls is not None:
                    sock.settimeout(left(until))
                    sock = self._tls.wrap_socket(
                        sock, server_hostname=self._endpoint.host)
                return DeadlineSocket(sock, deadline)
            except OSError as error:
                sock.close()
                failed = error
        assert failed is not None
        raise failed
