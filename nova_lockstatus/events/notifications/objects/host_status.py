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

"""What a notification says of a server whose host's status has changed."""

from typing import Any

from nova.objects import base as nova_base
from nova.objects import fields

from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.events.notifications.objects import instance

_DATA = 'nova_object.data'

STATUSES = (host_status.UP, host_status.UNKNOWN, host_status.DOWN,
            host_status.MAINTENANCE)
"""Those of a host: a server without one is not announced."""


@nova_base.NovaObjectRegistry.register_notification
class HostStatusPayload(instance.InstancePayload):
    """A server, and what became of its host.

    :param context: a RequestContext of who has changed that
    :param server: what :mod:`nova_lockstatus.gateway.instances` reads
    :param change: the change
    :param shows_host: whether to name the host
    """

    # Version 1.0: Initial version
    VERSION = '1.0'

    fields = {
        'id': fields.UUIDField(),
        'change_id': fields.UUIDField(),
        'host_status': fields.EnumField(valid_values=STATUSES),
        'old_host_status': fields.EnumField(valid_values=STATUSES),
        'changed_at': fields.DateTimeField(),
        'host': fields.StringField(nullable=True),
    }

    def __init__(self, context: Any, server: Any,
                 change: host_event.StatusChange, shows_host: bool) -> None:
        super().__init__(context, server)
        self.id = change.announcement_id(server.uuid)
        self.change_id = change.id
        self.host_status = change.new
        self.old_host_status = change.old
        self.changed_at = change.changed_at
        self.host = change.host if shows_host else None


class HostStatusPayloads:
    """Makes what ``obj_to_primitive()`` makes of many servers' payloads.

    An object for each would take as long as the broker does.

    :param context: a RequestContext of who has changed the host
    :param change: the change
    :param shows_host: whether to name the host
    """

    def __init__(self, context: Any, change: host_event.StatusChange,
                 shows_host: bool) -> None:
        self._context = context
        self._change = change
        self._shows_host = shows_host
        self._first: dict[str, Any] | None = None

    def of(self, server: Any) -> dict[str, Any]:
        """Make the payload of a server.

        :param server: what :mod:`nova_lockstatus.gateway.instances` reads
        :returns: the primitive
        """
        if self._first is None:
            payload = HostStatusPayload(
                self._context, server, self._change, self._shows_host)
            # As Nova does: of what is new, all has changed.
            payload.obj_reset_changes(recursive=True)
            self._first = payload.obj_to_primitive()
        return {**self._first, _DATA: {
            **self._first[_DATA],
            'id': self._change.announcement_id(server.uuid),
            'uuid': server.uuid,
            **host_event.payload(self._change, server, self._shows_host)}}
