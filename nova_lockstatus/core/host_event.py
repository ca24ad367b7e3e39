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

"""A change of the status of a host, and its payload for each server."""

import dataclasses
import datetime
import uuid
from typing import Any

from nova_lockstatus.core import lock_reason

LOCK_EXPIRED = 'EXPIRED'
"""The new status of an outbox entry that is about a lock of a server: see
:mod:`nova_lockstatus.core.lock_expiry`."""


@dataclasses.dataclass(frozen=True, slots=True)
class StatusChange:
    """A change of the status of one host, and the call that made it.

    :param id: the uuid of the change
    :param cell: the uuid of the cell that the host is in
    :param host: the name of the host
    :param old: the status before, one of
        :mod:`nova_lockstatus.core.host_status`
    :param new: the status after
    :param changed_at: the time of the change
    :param request_id: the id of the call, None if no call made the change
    :param user_id: the user who made the call
    :param project_id: the project of that user
    """

    id: str
    cell: str
    host: str
    old: str
    new: str
    changed_at: datetime.datetime
    request_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None

    @property
    def age(self) -> float:
        """Return the seconds since the change."""
        return (datetime.datetime.now(datetime.timezone.utc)
                - self.changed_at).total_seconds()

    @property
    def what(self) -> str:
        """Describe the change in a part of a sentence, for the log."""
        if self.new == LOCK_EXPIRED:
            return 'a lock of server %s has expired' % self.host
        return 'host %s is %s' % (self.host, self.new)

    def announcement_id(self, server_id: str) -> str:
        """Return the id of the event that one server gets.

        :param server_id: the uuid of the server
        :returns: a uuid, always the same for a change and a server
        """
        return str(uuid.uuid5(uuid.UUID(self.id), server_id))


def server_values(server: Any) -> dict[str, Any]:
    """Return what each event says of its server.

    :param server: an InstanceRow of :mod:`nova_lockstatus.gateway.instances`
    :returns: the values, with the names of Nova's notifications
    """
    return {
        'tenant_id': server.project_id,
        'user_id': server.user_id,
        'display_name': server.display_name,
        'state': server.vm_state,
        'locked': server.locked,
        'locked_by': server.locked_by,
        'locked_reason': lock_reason.read(server.system_metadata),
    }


def payload(change: StatusChange, server: Any, shows_host: bool
            ) -> dict[str, Any]:
    """Return the payload of a change for one server of the host.

    :param server: an InstanceRow of :mod:`nova_lockstatus.gateway.instances`
    :param shows_host: whether to name the host
    :returns: the values, with the names of Nova's notifications. Each form of
        event adds its ids
    """
    group = server.group
    values = {
        **server_values(server),
        'host_status': change.new,
        'old_host_status': change.old,
        'changed_at': change.changed_at.strftime('%Y-%m-%dT%H:%M:%SZ'),
        'group_id': group.uuid if group else None,
        'members_affected': group.affected if group else None,
        'members': group.members if group else None,
    }
    if shows_host:
        values['host'] = change.host
    return values
