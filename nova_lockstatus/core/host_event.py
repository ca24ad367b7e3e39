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

"""A change of the status of a host, which is announced for each server."""

import dataclasses
import datetime
import uuid
from typing import Any

from nova_lockstatus.core import lock_reason


@dataclasses.dataclass(frozen=True, slots=True)
class StatusChange:
    """What became of one host, and through whom.

    :param id: a uuid, by which the change is known
    :param cell: the uuid of the cell that the host is in
    :param host: its name
    :param old: the status that it had, one of
        :mod:`nova_lockstatus.core.host_status`
    :param new: the status that it has
    :param changed_at: when that became so, in UTC
    :param request_id: the request that has changed it, None if none has
    :param user_id: who has changed it, None if nobody has
    :param project_id: for which project that was
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
        """Return how long it is since, in seconds."""
        return (datetime.datetime.now(datetime.timezone.utc)
                - self.changed_at).total_seconds()

    def announcement_id(self, server_id: str) -> str:
        """Return by what a consumer knows the announcement for one server.

        :param server_id: the uuid of the server
        :returns: a uuid, the same whoever announces it and how often
        """
        return str(uuid.uuid5(uuid.UUID(self.id), server_id))


def payload(change: StatusChange, server: Any, shows_host: bool
            ) -> dict[str, Any]:
    """Say what a change of a host means to one of its servers.

    :param change: the change
    :param server: what :mod:`nova_lockstatus.gateway.instances` reads
    :param shows_host: whether to name the host
    :returns: what is told, by the names that Nova's notifications have. What
        the server and the telling are known by is left to each form
    """
    facts = {
        'tenant_id': server.project_id,
        'user_id': server.user_id,
        'display_name': server.display_name,
        'state': server.vm_state,
        'locked': server.locked,
        'locked_by': server.locked_by,
        'locked_reason': lock_reason.read(server.system_metadata),
        'host_status': change.new,
        'old_host_status': change.old,
        'changed_at': change.changed_at.strftime('%Y-%m-%dT%H:%M:%SZ'),
    }
    if shows_host:
        facts['host'] = change.host
    return facts
