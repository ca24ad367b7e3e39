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

"""The versioned payload of a server whose host's status has changed."""

from typing import Any

from nova.objects import base as nova_base
from nova.objects import fields

from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.events.notifications.objects import instance

_DATA = 'nova_object.data'

STATUSES = (host_status.UP, host_status.UNKNOWN, host_status.DOWN,
            host_status.MAINTENANCE)
"""The statuses of a host."""


@nova_base.NovaObjectRegistry.register_notification
class HostStatusPayload(instance.ServerPayload):
    """A server, and a change of the status of its host.

    :param context: a RequestContext of the user who made the change
    :param server: an InstanceRow of :mod:`nova_lockstatus.gateway.instances`
    :param shows_host: whether to name the host
    """

    # Version 1.0: Initial version
    # Version 1.1: Add group_id, members_affected and members
    VERSION = '1.1'

    fields = {
        'id': fields.UUIDField(),
        'change_id': fields.UUIDField(),
        'host_status': fields.EnumField(valid_values=STATUSES),
        'old_host_status': fields.EnumField(valid_values=STATUSES),
        'changed_at': fields.DateTimeField(),
        'host': fields.StringField(nullable=True),
        'group_id': fields.UUIDField(nullable=True),
        'members_affected': fields.IntegerField(nullable=True),
        'members': fields.IntegerField(nullable=True),
    }

    def __init__(self, context: Any, server: Any,
                 change: host_event.StatusChange, shows_host: bool) -> None:
        super().__init__(context, server)
        self.id = change.announcement_id(server.uuid)
        self.change_id = change.id
        self.host = None
        for name, value in host_event.payload(
                change, server, shows_host).items():
            setattr(self, name, value)


class HostStatusPayloads:
    """Makes the primitives of many servers' payloads from that of the first.

    To make an object for each server would take as long as the broker does.

    :param context: a RequestContext of the user who made the change
    :param shows_host: whether to name the host
    """

    def __init__(self, context: Any, change: host_event.StatusChange,
                 shows_host: bool) -> None:
        self._context = context
        self._change = change
        self._shows_host = shows_host
        self._first: dict[str, Any] | None = None

    def of(self, server: Any) -> dict[str, Any]:
        """Return the primitive of the payload of a server.

        :param server: an InstanceRow of
            :mod:`nova_lockstatus.gateway.instances`
        """
        if self._first is None:
            payload = HostStatusPayload(
                self._context, server, self._change, self._shows_host)
            # NOTE: as Nova does before it sends a payload.
            payload.obj_reset_changes(recursive=True)
            self._first = payload.obj_to_primitive()
        return {**self._first, _DATA: {
            **self._first[_DATA],
            'id': self._change.announcement_id(server.uuid),
            'uuid': server.uuid,
            **host_event.payload(self._change, server, self._shows_host)}}
