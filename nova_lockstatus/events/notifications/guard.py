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

"""Sends the notifications of the guard."""

from collections.abc import Callable
from typing import Any

from nova import rpc
from nova.notifications.objects import base
from nova.objects import fields

from nova_lockstatus.events.notifications.objects import guard
from nova_lockstatus.events.notifications.objects import service_publisher
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

EVENT_OBJECT = 'lockstatus.guard'
"""The first words of the event types."""

PRIORITIES = {
    'found': fields.NotificationPriority.WARN,
    'acted': fields.NotificationPriority.INFO,
    'failed': fields.NotificationPriority.ERROR,
}


@rpc.if_notifications_enabled  # type: ignore[untyped-decorator]
def send(context: Any, load: Callable[[], Any], action: str, outcome: str,
         host: str) -> None:
    """Send lockstatus.guard.suspend, .power_off or .pause.

    A notification that cannot be sent is logged: the guard goes on.

    :param load: returns the Instance in its current state
    :param action: the last word of the event type
    """
    try:
        guard.GuardNotification(
            priority=PRIORITIES[outcome],
            publisher=service_publisher.ServicePublisher(
                host=host, source=service_publisher.WATCH),
            event_type=base.EventType(object=EVENT_OBJECT, action=action),
            payload=guard.GuardPayload(context, load(), outcome),
        ).emit(context)
    except Exception:
        LOG.exception('The notification %s cannot be sent, and is lost.',
                      '%s.%s' % (EVENT_OBJECT, action))
