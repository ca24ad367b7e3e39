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

"""What the state of a host is called, decided as Nova decides it.

The record of a host's nova-compute, and whether that reports, come from the
hooks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nova_lockstatus import exception

UP = 'UP'
UNKNOWN = 'UNKNOWN'
DOWN = 'DOWN'
MAINTENANCE = 'MAINTENANCE'
NONE = ''

VALUES = (UP, UNKNOWN, DOWN, MAINTENANCE, NONE)

BINARY = 'nova-compute'


def status(service: Any, is_up: Callable[[Any], bool]) -> str:
    """Name the state of a host, as ``API.get_instance_host_status()`` does.

    :param service: the record of its nova-compute, None if it has none
    :param is_up: tells whether a service reports; not asked where the record
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
    """Choose the record that counts among those of one host.

    :param services: Services as Nova loads them with an Instance, where it
        leaves in the records that are marked as deleted
    :returns: the one of nova-compute, None if there is none
    """
    for service in services:
        if service.binary == BINARY and not service.deleted:
            return service
    return None


def hosts_in(statuses: Mapping[str, str],
             values: Iterable[str]) -> frozenset[str]:
    """Choose the hosts whose state is among some.

    :param statuses: the state of each host
    :param values: the states
    :returns: the hosts
    """
    wanted = frozenset(values)
    return frozenset(host for host, value in statuses.items()
                     if value in wanted)


HostKey = tuple[str | None, str]
"""A host: the uuid of its cell, if that is known, and its name."""


class HostStatuses:
    """The states of the hosts of one answer, each named once.

    :param is_up: tells whether a service reports
    """

    def __init__(self, is_up: Callable[[Any], bool]) -> None:
        self._is_up = is_up
        self._statuses: dict[HostKey, str | Exception] = {}

    def __contains__(self, key: HostKey) -> bool:
        """Tell whether a host was read, or could not be."""
        return key in self._statuses

    def add(self, key: HostKey, service: Any) -> None:
        """Keep the state of a host.

        :param key: the host
        :param service: the record of its nova-compute, None if it has none
        """
        try:
            self._statuses[key] = status(service, self._is_up)
        except Exception as error:
            # What happened to one host is no concern of the others.
            self._statuses[key] = error

    def add_unread(self, keys: Iterable[HostKey], error: Exception) -> None:
        """Keep that hosts could not be read.

        :param keys: the hosts
        :param error: why
        """
        self._statuses.update(dict.fromkeys(keys, error))

    def status(self, key: HostKey) -> str:
        """Return the state of a host that was added.

        :param key: the host
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
    """Whose servers a caller may find by which states of their hosts.

    :param values: the states
    :param project_id: of which project, None for all
    :param user_id: of which user, None for all
    """

    values: frozenset[str]
    project_id: str | None = None
    user_id: str | None = None


class HostStatusFilter:
    """What a list of servers is filtered by.

    :param grants: a server is found by any of them
    :param text: the values as one parameter of the query
    """

    def __init__(self, grants: Sequence[Grant], text: str) -> None:
        self.grants = grants
        self.text = text
        self.conditions: dict[str, Any] = {}
        """What the hooks ask each cell's database, by the cell's uuid."""

    @property
    def needs_heartbeats(self) -> bool:
        """Tell whether it has to be known of each host whether it reports.

        :returns: whether UP or UNKNOWN is asked for
        """
        return any(grant.values & {UP, UNKNOWN} for grant in self.grants)


def grants(values: frozenset[str], scope: Scope | None,
           unknown_scope: Scope | None) -> Sequence[Grant]:
    """Decide what a caller may find.

    :param values: the states that are asked for
    :param scope: whose servers' states the caller may see, None if nobody's
    :param unknown_scope: of whose servers the caller may see that the state is
        unknown, None if of nobody's
    :returns: the grants; none where the caller may not ask for one of the
        states, as a search for the others would not be what was asked for
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
