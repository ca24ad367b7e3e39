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


"""Lists servers with their locks, and locks and unlocks them."""

import dataclasses
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any

from django.utils.translation import gettext_lazy as _

from nova_lockstatus.dashboard.compute import ComputeClient
from nova_lockstatus.dashboard.compute import ComputeError

Server = dict[str, Any]
Order = Sequence[tuple[str, str]]

LOCKED_FIRST: Order = (
    ('locked', 'desc'), ('display_name', 'asc'), ('uuid', 'asc'))
BY_PROJECT: Order = (
    ('project_id', 'asc'), ('display_name', 'asc'), ('uuid', 'asc'))

# NOTE: the session of keystoneauth keeps ten connections, and urllib3 warns
# of each further one.
_WORKERS = 8

_OPPOSITE = {'asc': 'desc', 'desc': 'asc'}


@dataclasses.dataclass(frozen=True)
class Place:
    """Which page of a list.

    :param size: the servers of a page
    :param order: the keys to sort by, and ``asc`` or ``desc``
    :param marker: the id of the server that it begins behind
    :param backwards: whether it ends before that server instead
    """

    size: int
    order: Order = LOCKED_FIRST
    marker: str | None = None
    backwards: bool = False


@dataclasses.dataclass(frozen=True)
class Page:
    """A page of servers.

    :param has_more: whether there is a page behind it
    :param has_prev: whether there is a page before it
    """

    servers: list[Server] = dataclasses.field(default_factory=list)
    has_more: bool = False
    has_prev: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a server. Without a failure it was changed."""

    server_id: str
    failure: ComputeError | None = None


def list_page(
    client: ComputeClient, place: Place, **filters: str,
) -> Page:
    """List a page of servers with their locks, in one call.

    :param filters: parameters of ``GET /servers/detail``
    :raises ComputeError: when the cloud refuses it
    """
    query = [*filters.items(), ('lock_details', 'true'),
             # One more, to know whether there is another page.
             ('limit', str(place.size + 1))]
    for key, direction in place.order:
        query.append(('sort_key', key))
        query.append(('sort_dir', _OPPOSITE[direction] if place.backwards
                      else direction))
    if place.marker:
        query.append(('marker', place.marker))
    body = client.get('/servers/detail', query)
    found = body['servers']
    # NOTE: [api]max_limit can be lower than the size of a page.
    goes_on = len(found) > place.size or bool(body.get('servers_links'))
    found = found[:place.size]
    if place.backwards:
        return Page(found[::-1], has_more=True, has_prev=goes_on)
    return Page(found, has_more=goes_on, has_prev=bool(place.marker))


def show(client: ComputeClient, server_id: str) -> Server:
    """Show one server.

    :raises ComputeError: when the cloud refuses it
    """
    server: Server = client.get('/servers/' + server_id)['server']
    return server


def lock_history(
    client: ComputeClient, server_id: str,
) -> list[dict[str, Any]]:
    """List the instance actions that locked or unlocked a server.

    :returns: the newest first; none where the cloud does not let the user see
        them
    :raises ComputeError: when the cloud refuses it otherwise
    """
    try:
        actions = client.get(
            '/servers/%s/os-instance-actions' % server_id)['instanceActions']
    except ComputeError as exc:
        if exc.status not in (403, 404):
            raise
        return []
    return [action for action in actions
            if action['action'] in ('lock', 'unlock')]


def lock(
    client: ComputeClient, project_id: str, reason: str,
) -> Callable[[str], None]:
    """Return a function that locks the server with an id.

    :param project_id: the user's
    :param reason: empty for a lock without one
    :returns: it raises ComputeError when the cloud refuses the lock, or would
        accept it and change nothing
    """
    body = {'lock': {'locked_reason': reason} if reason else None}

    def change(server_id: str) -> None:
        server = show(client, server_id)
        if held_by_other(server, project_id):
            raise ComputeError(
                _('An administrator of another project holds the lock, and '
                  'its reason stays as it is.'))
        client.act(server_id, body)

    return change


def unlock(client: ComputeClient) -> Callable[[str], None]:
    """Return a function that unlocks the server with an id.

    :returns: it raises ComputeError when the cloud refuses it
    """
    return lambda server_id: client.act(server_id, {'unlock': None})


def held_by_other(server: Server, project_id: str) -> bool:
    """Tell whether a lock of the user's would change nothing.

    Nova accepts a lock of the project while an administrator of another one
    holds the lock, and leaves all as it is.

    :param project_id: the user's
    """
    return (server.get('locked_by') == 'admin'
            and server.get('tenant_id') == project_id)


def run_each(
    function: Callable[[str], None], server_ids: Sequence[str],
) -> list[Outcome]:
    """Call a function for each server, several at a time.

    :returns: an outcome for each server, in their order
    """
    def attempt(server_id: str) -> Outcome:
        try:
            function(server_id)
        except ComputeError as exc:
            return Outcome(server_id, exc)
        return Outcome(server_id)

    with futures.ThreadPoolExecutor(_WORKERS) as pool:
        return list(pool.map(attempt, server_ids))
