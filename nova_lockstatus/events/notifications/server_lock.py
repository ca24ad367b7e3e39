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

"""Sends the notifications of a changed lock."""

import contextlib
from collections.abc import Iterator
from typing import Any

from nova import notifications
from nova import rpc
from nova.compute import instance_actions
from nova.compute import utils as compute_utils
from nova.notifications.objects import base
from nova.objects import fields

from nova_lockstatus.core import server_locks
from nova_lockstatus.events.notifications.objects import instance as objects
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

RELIES_ON = ('nova.compute.utils:notify_about_instance_action',
             'nova.notifications:send_update')

_NOVAS = (instance_actions.LOCK, instance_actions.UNLOCK)
_NOTIFIED = {server_locks.ADD_LOCK: instance_actions.LOCK,
             server_locks.LIFT_LOCK: instance_actions.UNLOCK}

EVENT_OBJECT = 'lockstatus'
"""The first word of the event types. Nova's own instance.lock and
instance.unlock are sent as well, unchanged."""


@contextlib.contextmanager
def unsent_is_logged(event: str) -> Iterator[None]:
    """Log an exception, as the lock has changed without the notification.

    :param event: the event type of the notification
    """
    try:
        yield
    except Exception:
        LOG.exception('The notification %s cannot be sent, and is lost.',
                      event)


def send_changed(context: Any, before: Any, instance: Any, action: str,
                 host: str) -> None:
    """Send what Nova sends of a changed lock, and the plugin's own.

    A notification that cannot be sent is logged: the lock has changed.

    :param context: an admin's RequestContext of the server's cell
    :param before: the Instance as it was
    :param instance: the Instance as it is
    :param action: the instance action that was recorded
    :param host: the name of nova-api in notifications
    """
    notifications.send_update(context, before, instance)
    if action in _NOVAS:
        with unsent_is_logged('instance.' + action):
            compute_utils.notify_about_instance_action(
                context, instance, host, action=action,
                source=fields.NotificationSource.API)
    send_lock(context, instance, _NOTIFIED.get(action, action), host)


@rpc.if_notifications_enabled  # type: ignore[untyped-decorator]
def send_lock(context: Any, instance: Any, action: str, host: str) -> None:
    """Send lockstatus.lock or lockstatus.unlock.

    A notification that cannot be sent is logged: the lock has changed.

    :param action: ``lock`` or ``unlock``
    :param host: the name of nova-api in notifications
    """
    with unsent_is_logged('%s.%s' % (EVENT_OBJECT, action)):
        objects.InstanceNotification(
            priority=fields.NotificationPriority.INFO,
            publisher=base.NotificationPublisher(
                host=host, source=fields.NotificationSource.API),
            event_type=base.EventType(object=EVENT_OBJECT, action=action),
            payload=objects.InstancePayload(context, instance),
        ).emit(context)
