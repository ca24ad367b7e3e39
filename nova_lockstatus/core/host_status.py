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

"""The status of a host, decided as Nova decides it.

The callers read the record of a host's nova-compute and tell whether it is up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nova_lockstatus import exception

UP = 'UP'
UNKNOWN = 'UNKNOWN'
DOWN = 'DOWN'
MAINTENANCE = 'MAINTENANCE'
NONE = ''

URGENT = (UNKNOWN, DOWN)
"""The statuses whose changes are announced before those to other ones."""

VALUES = (UP, UNKNOWN, DOWN, MAINTENANCE, NONE)

BINARY = 'nova-compute'


def status(service: Any, is_up: Callable[[Any], bool]) -> str:
    """Name the status of a host, as ``API.get_instance_host_status()`` does.

    :param service: the record of its nova-compute, None if it has none
    :param is_up: tells whether a service is up; not called where the record
        alone decides
    :returns: one of :data:`VALUES`
    """
    if service is None:
        return NONE
    if service['forced_down']:
        return DOWN
    if service['disabled']:
        return MAINTENANCE
    return UP if is_up(service) else UNKNOWN


def compute_service(services: Iterable[Any]) -> Any:
    """Find the service of nova-compute among those of one host.

    :param services: Services as Nova loads them with an Instance, deleted
        ones among them
    :returns: the Service, None if there is none that is not deleted
    """
    for service in services:
        if service.binary == BINARY and not service.deleted:
            return service
    return None


def hosts_in(statuses: Mapping[str, str],
             values: Iterable[str]) -> frozenset[str]:
    """Choose the hosts that have one of some statuses."""
    wanted = frozenset(values)
    return frozenset(host for host, value in statuses.items()
                     if value in wanted)


HostKey = tuple[str | None, str]
"""A host: the uuid of its cell, if that is known, and its name."""


class HostStatuses:
    """The statuses of the hosts of one answer, each computed once.

    :param is_up: tells whether a service is up
    """

    def __init__(self, is_up: Callable[[Any], bool]) -> None:
        self._is_up = is_up
        self._statuses: dict[HostKey, str | Exception] = {}

    def __contains__(self, key: HostKey) -> bool:
        """Tell whether a host was added, as read or unread."""
        return key in self._statuses

    def add(self, key: HostKey, service: Any) -> None:
        """Add the status of a host.

        :param service: the record of its nova-compute, None if it has none
        """
        try:
            self._statuses[key] = status(service, self._is_up)
        except Exception as error:
            # An error with one host must not hide the others.
            self._statuses[key] = error

    def add_unread(self, keys: Iterable[HostKey], error: Exception) -> None:
        """Add hosts that could not be read."""
        self._statuses.update(dict.fromkeys(keys, error))

    def status(self, key: HostKey) -> str:
        """Return the status of a host that was added.

        :returns: one of :data:`VALUES`
        :raises HostStatusUnread: when it could not be read
        """
        found = self._statuses[key]
        if isinstance(found, Exception):
            raise exception.HostStatusUnread(host=key[1]) from found
        return found


Scope = tuple[str | None, str | None]
"""A project and a user, None for all."""


class Grant(NamedTuple):
    """The servers that a caller may find by some statuses of their hosts.

    :param project_id: the project of the servers, None for all
    :param user_id: the user of the servers, None for all
    """

    values: frozenset[str]
    project_id: str | None = None
    user_id: str | None = None


class HostStatusFilter:
    """The filter by host status of one list of servers.

    :param grants: a server is listed by any of them
    :param text: the values as one query parameter
    """

    def __init__(self, grants: Sequence[Grant], text: str) -> None:
        self.grants = grants
        self.text = text
        self.conditions: dict[str, Any] = {}
        """The conditions of SQLAlchemy for each cell, by the cell's uuid."""

    @property
    def needs_heartbeats(self) -> bool:
        """Tell whether the heartbeats of hosts decide: for UP and UNKNOWN."""
        return any(grant.values & {UP, UNKNOWN} for grant in self.grants)


def grants(values: frozenset[str], scope: Scope | None,
           unknown_scope: Scope | None) -> Sequence[Grant]:
    """Decide which servers a caller may find.

    :param values: the statuses to find
    :param scope: whose servers' statuses the caller may see, None if nobody's
    :param unknown_scope: of whose servers the caller may see that the status
        is unknown, None if of nobody's
    :returns: the grants; none where the caller may not search for one of the
        statuses, as finding only the others would be a wrong answer
    """
    unknown = values & {UNKNOWN}
    found = []
    if scope is not None:
        found.append(Grant(values, *scope))
    elif values != unknown:
        return ()
    if unknown_scope is not None and unknown and unknown_scope != scope:
        found.append(Grant(unknown, *unknown_scope))
    return found
