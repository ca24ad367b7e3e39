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

"""Reads the server groups that keep their members on different hosts."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import NamedTuple

import sqlalchemy
from nova import context as nova_context
from nova.db.api import api as db
from nova.db.api import models

from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.threads import Bulkhead

TIMEOUT_SECONDS = 2
"""Seconds that events wait for the groups. They go without them then."""

POLICIES = ('anti-affinity', 'soft-anti-affinity')
"""The policies of the groups whose members are to be on different hosts."""

RELIES_ON = (
    'nova.db.api.api:context_manager',
    'nova.db.api.models:InstanceGroup.uuid',
    'nova.db.api.models:InstanceGroupMember.group_id',
    'nova.db.api.models:InstanceGroupMember.instance_uuid',
    'nova.db.api.models:InstanceGroupPolicy.policy',
    'nova.db.api.models:InstanceMapping.queued_for_delete',
)

_API_DATABASE = 'API database'

_FAILS = ('The server groups cannot be read. Events of hosts are sent without '
          'them')

OnHost = Callable[[Collection[str]], Collection[str]]
"""Returns which servers, of the given uuids, are on the host."""


class ServerGroup(NamedTuple):
    """The group of a server whose host's status has changed.

    :param uuid: the id of the group
    :param affected: the number of other members that are on that host
    :param members: the number of all members, with that server
    """

    uuid: str
    affected: int
    members: int


class _Group(NamedTuple):
    """A group.

    :param servers: the members whose groups are read
    :param members: all members that are not deleted
    """

    uuid: str
    servers: set[str]
    members: set[str]


class ServerGroupReader:
    """Reads the groups of many servers, and waits only so long for them."""

    def __init__(self) -> None:
        self._bulkhead = Bulkhead(TIMEOUT_SECONDS)
        self._log_once = LogOnce()

    def read(self, uuids: Sequence[str], cell: str,
             on_host: OnHost | None) -> Mapping[str, ServerGroup]:
        """Read the groups of servers that are on one host.

        It takes one statement in the API database, and one more in the cell
        where there are members that may be on the host beside these servers.

        :param cell: the uuid of the cell
        :param on_host: finds further members on the host; None where these
            servers are all that are on it
        :returns: the groups, by the servers' uuids. Servers in no group are
            left out, and all are where the groups cannot be read
        """
        with self._log_once.attempt(_FAILS, Exception):
            groups = self._bulkhead.call(_API_DATABASE, lambda: _read(uuids))
            present = set(uuids)
            others = {server for group in groups
                      for server in group.members} - present
            if others and on_host is not None:
                present |= set(self._bulkhead.call(
                    cell, lambda: on_host(others)))
            return {server: _of_server(server, group, present)
                    # The oldest group last, which is the one that counts.
                    for group in reversed(groups)
                    for server in group.servers}
        return {}


def _of_server(server: str, group: _Group, present: Set[str]) -> ServerGroup:
    """Count the members of a server's group.

    :param present: the servers that are on its host
    """
    others = group.members - {server}
    return ServerGroup(group.uuid, len(others & present), len(others) + 1)


def _read(uuids: Sequence[str]) -> Sequence[_Group]:
    """Read the groups that any of the servers is in, the oldest first."""
    member, group = models.InstanceGroupMember, models.InstanceGroup
    policy, mapping = models.InstanceGroupPolicy, models.InstanceMapping
    statement = sqlalchemy.select(
        group.uuid, member.instance_uuid, mapping.id,
        mapping.queued_for_delete,
    ).select_from(group).join(
        member, member.group_id == group.id,
    ).outerjoin(
        mapping, mapping.instance_uuid == member.instance_uuid,
    ).where(
        group.id.in_(sqlalchemy.select(member.group_id).where(
            member.instance_uuid.in_(uuids))),
        group.id.in_(sqlalchemy.select(policy.group_id).where(
            policy.policy.in_(POLICIES))),
    ).order_by(group.id)
    wanted = frozenset(uuids)
    groups: dict[str, _Group] = {}
    with db.context_manager.reader.using(
            nova_context.get_admin_context()) as session:
        for uuid, server, mapping_id, is_deleted in session.execute(statement):
            found = groups.setdefault(uuid, _Group(uuid, set(), set()))
            if server in wanted:
                found.servers.add(server)
            # NOTE: a deleted server stays a member. Its mapping says that it
            # is deleted, and is gone once its row is archived.
            if mapping_id is not None and not is_deleted:
                found.members.add(server)
    return list(groups.values())
