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

"""Sends the notification of a bypassed lock."""

from typing import Any

from nova import rpc
from nova.notifications.objects import base
from nova.objects import fields

from nova_lockstatus.events.notifications import server_lock
from nova_lockstatus.events.notifications.objects import bypass as objects

EVENT_OBJECT = 'lockstatus.bypass'

# NOTE: the last word of an event type is one of Nova's own.
ACTION = 'update'


@rpc.if_notifications_enabled  # type: ignore[untyped-decorator]
def send(context: Any, instance: Any, reason: str, host: str) -> None:
    """Send lockstatus.bypass.update.

    A notification that cannot be sent is logged: the bypass is recorded.

    :param host: the name of nova-api in notifications
    """
    with server_lock.unsent_is_logged('%s.%s' % (EVENT_OBJECT, ACTION)):
        objects.BypassNotification(
            priority=fields.NotificationPriority.WARN,
            publisher=base.NotificationPublisher(
                host=host, source=fields.NotificationSource.API),
            event_type=base.EventType(object=EVENT_OBJECT, action=ACTION),
            payload=objects.BypassPayload(context, instance, reason),
        ).emit(context)
