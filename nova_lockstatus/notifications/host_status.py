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

"""Announces a server whose host's status has changed, in Nova's two forms."""

from typing import Any

from nova import rpc
from nova.notifications.objects import base
from nova.objects import fields
from oslo_config import cfg

from nova_lockstatus import host_status
from nova_lockstatus.announce import change as changes
from nova_lockstatus.announce import facts
from nova_lockstatus.objects import host_status as objects
from nova_lockstatus.objects import publisher

EVENT_OBJECT = 'lockstatus.host_status'
"""The first words of the event type of the versioned form."""

UNVERSIONED_EVENT = 'compute.instance.host_status'
"""The event type of the unversioned form, one that Ceilometer's definition of
``compute.instance.*`` takes."""

UNVERSIONED_SERVICES = {publisher.API: 'api'}
"""What Nova calls a service in the publishers of that form, where that is
another name."""

PRIORITIES = {
    host_status.UP: fields.NotificationPriority.INFO,
    host_status.MAINTENANCE: fields.NotificationPriority.INFO,
    host_status.UNKNOWN: fields.NotificationPriority.WARN,
    host_status.DOWN: fields.NotificationPriority.WARN,
}


def sends_versioned(conf: cfg.ConfigOpts) -> bool:
    """Tell whether Nova sends versioned notifications.

    :param conf: Nova's configuration
    :returns: whether it does
    """
    return _sends(conf, 'versioned') and bool(rpc.NOTIFIER.is_enabled())


def sends_unversioned(conf: cfg.ConfigOpts) -> bool:
    """Tell whether Nova sends notifications of the old form.

    :param conf: Nova's configuration
    :returns: whether it does
    """
    return (_sends(conf, 'unversioned')
            and bool(rpc.LEGACY_NOTIFIER.is_enabled()))


def _sends(conf: cfg.ConfigOpts, form: str) -> bool:
    # NOTE: a notifier without any driver, which is the default, calls itself
    # enabled.
    drivers = conf.oslo_messaging_notifications.driver
    return (conf.notifications.notification_format in (form, 'both')
            and any(driver != 'noop' for driver in drivers))


class Sender:
    """Sends what a change of a host means to servers.

    :param context: a RequestContext of who has changed it
    :param change: the change
    :param conf: Nova's configuration
    :param source: the service that sends it
    """

    def __init__(self, context: Any, change: changes.Change,
                 conf: cfg.ConfigOpts, source: str) -> None:
        self._context = context
        self._change = change
        self._shows_host = conf.lockstatus.notify_host_names
        self._priority = PRIORITIES[change.new]
        self._event_type = base.EventType(
            object=EVENT_OBJECT, action=fields.NotificationAction.UPDATE)
        self._source = source
        self._publisher = publisher.ServicePublisher(
            host=conf.host, source=source)
        self._sends = [
            send for send, is_wanted in (
                (self._send_versioned, sends_versioned(conf)),
                (self._send_unversioned, sends_unversioned(conf)))
            if is_wanted]

    def send(self, server: Any) -> None:
        """Send the notification of a server, in the forms that are wanted.

        :param server: what :mod:`nova_lockstatus.announce.servers` reads
        :raises Exception: when it cannot be sent
        """
        for send in self._sends:
            send(server)

    def _send_versioned(self, server: Any) -> None:
        objects.HostStatusNotification(
            priority=self._priority,
            publisher=self._publisher,
            event_type=self._event_type,
            payload=objects.HostStatusPayload(
                self._context, server, self._change, self._shows_host),
        ).emit(self._context)

    def _send_unversioned(self, server: Any) -> None:
        # NOTE: what rpc.get_notifier() wraps. The wrapper warns of each event
        # type that Nova does not know, for each notification.
        notifier = rpc.get_notifier(UNVERSIONED_SERVICES.get(
            self._source, self._source)).notifier
        objects.never_give_up(notifier)
        getattr(notifier, self._priority)(
            self._context, UNVERSIONED_EVENT, {
                'id': self._change.announcement_id(server.uuid),
                'instance_id': server.uuid,
                **facts.of(self._change, server, self._shows_host)})
