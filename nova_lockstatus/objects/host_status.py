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

from nova import rpc
from nova.notifications.objects import base
from nova.objects import base as nova_base
from nova.objects import fields

from nova_lockstatus import host_status
from nova_lockstatus.announce import change as changes
from nova_lockstatus.objects import instance

STATUSES = (host_status.UP, host_status.UNKNOWN, host_status.DOWN,
            host_status.MAINTENANCE)
"""Those of a host: a server without one is not announced."""


def never_give_up(notifier: Any) -> None:
    """Have a notifier wait for a broker that is away, however long.

    :param notifier: of oslo.messaging
    """
    # NOTE: what [oslo_messaging_notifications]retry says by default, -1, is to
    # try for ever, and does so over a connection that was made. A new one is
    # tried once: then the notification is logged and lost.
    notifier.retry = None


@nova_base.NovaObjectRegistry.register_notification
class HostStatusPayload(instance.InstancePayload):
    """A server, and what became of its host.

    :param context: a RequestContext of who has changed that
    :param server: what :mod:`nova_lockstatus.announce.servers` reads
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

    def __init__(self, context: Any, server: Any, change: changes.Change,
                 shows_host: bool) -> None:
        super().__init__(context, server)
        self.id = change.announcement_id(server.uuid)
        self.change_id = change.id
        self.host_status = change.new
        self.old_host_status = change.old
        self.changed_at = change.changed_at
        self.host = change.host if shows_host else None


@nova_base.NovaObjectRegistry.register_notification
class HostStatusNotification(base.NotificationBase):
    """A notification of a server whose host's status has changed."""

    # Version 1.0: Initial version
    VERSION = '1.0'
    OBJ_PROJECT_NAMESPACE = instance.NAMESPACE

    fields = {
        'publisher': fields.ObjectField(
            'NotificationPublisher', subclasses=True),
        'payload': fields.ObjectField('HostStatusPayload'),
    }

    def _emit(self, context: Any, event_type: str, publisher_id: str,
              payload: Any) -> None:
        notifier = rpc.get_versioned_notifier(publisher_id)
        never_give_up(notifier)
        getattr(notifier, self.priority)(
            context, event_type=event_type, payload=payload)
