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

"""Sends the notification of a server whose host's status has changed."""

from collections.abc import Callable
from typing import Any

from nova import rpc
from nova.objects import fields
from oslo_config import cfg

from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.events.notifications import own_notifier
from nova_lockstatus.events.notifications.objects import host_status as objects
from nova_lockstatus.events.notifications.objects import service_publisher

EVENT = 'lockstatus.host_status.update'
"""The event type of the versioned form."""

UNVERSIONED_EVENT = 'compute.instance.host_status'
"""The event type of the unversioned form. Ceilometer's definition of
``compute.instance.*`` matches it."""

UNVERSIONED_SERVICES = {service_publisher.API: 'api'}
"""The names of services in the publishers of that form, where Nova uses
another name."""

PRIORITIES = {
    host_status.UP: fields.NotificationPriority.INFO,
    host_status.MAINTENANCE: fields.NotificationPriority.INFO,
    host_status.UNKNOWN: fields.NotificationPriority.ERROR,
    host_status.DOWN: fields.NotificationPriority.ERROR,
}
"""Ceilometer takes notifications of these two priorities alone."""

Send = Callable[[Any], None]
"""Sends the notification of a server."""


def sends_versioned(conf: cfg.ConfigOpts) -> bool:
    """Tell whether Nova sends versioned notifications."""
    return _sends(conf, 'versioned') and bool(rpc.NOTIFIER.is_enabled())


def sends_unversioned(conf: cfg.ConfigOpts) -> bool:
    """Tell whether Nova sends unversioned notifications."""
    return (_sends(conf, 'unversioned')
            and bool(rpc.LEGACY_NOTIFIER.is_enabled()))


def _sends(conf: cfg.ConfigOpts, form: str) -> bool:
    # NOTE: a notifier without a driver, which is the default, claims to be
    # enabled.
    drivers = conf.oslo_messaging_notifications.driver
    return (conf.notifications.notification_format in (form, 'both')
            and any(driver != 'noop' for driver in drivers))


class _Redacted:
    """A context as consumers get it, made once for many notifications."""

    def __init__(self, context: Any) -> None:
        # NOTE: since release 29. A context of the plugin's has no token.
        redact = getattr(context, 'redacted_copy', lambda: context)
        self._values: dict[str, Any] = redact().to_dict()

    def redacted_copy(self) -> '_Redacted':
        """Return itself, as it is redacted already."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the values of the RequestContext."""
        return dict(self._values)


class Sender:
    """Sends the notifications of one change, in the forms that Nova sends.

    :param context: a RequestContext of the user who made the change
    :param source: the service that sends it
    """

    def __init__(self, context: Any, change: host_event.StatusChange,
                 conf: cfg.ConfigOpts, source: str) -> None:
        self._context = _Redacted(context)
        self._conf = conf
        self._change = change
        self._shows_host = conf.lockstatus.notify_host_names
        self._payloads = objects.HostStatusPayloads(
            context, change, self._shows_host)
        self._sends = [
            make(source, conf.host) for make, is_wanted in (
                (self._versioned, sends_versioned(conf)),
                (self._unversioned, sends_unversioned(conf)))
            if is_wanted]

    def send(self, server: Any) -> None:
        """Send the notification of a server.

        :param server: an InstanceRow of
            :mod:`nova_lockstatus.gateway.instances`
        :raises Exception: when it cannot be sent
        """
        for send in self._sends:
            send(server)

    def _versioned(self, source: str, host: str) -> Send:
        notify = self._notify(own_notifier.versioned(
            self._conf, '%s:%s' % (source, host)))

        def send(server: Any) -> None:
            notify(self._context, EVENT, self._payloads.of(server))

        return send

    def _unversioned(self, source: str, host: str) -> Send:
        notify = self._notify(own_notifier.unversioned(
            self._conf, '%s.%s' % (
                UNVERSIONED_SERVICES.get(source, source), host)))

        def send(server: Any) -> None:
            notify(self._context, UNVERSIONED_EVENT, {
                'id': self._change.announcement_id(server.uuid),
                'instance_id': server.uuid,
                **host_event.payload(self._change, server, self._shows_host)})

        return send

    def _notify(self, notifier: Any) -> Callable[..., None]:
        # NOTE: the default of [oslo_messaging_notifications]retry, -1, is to
        # try for ever, and does so over a connection that was made. A new
        # connection is tried once: then the notification is logged and lost.
        notifier.retry = None
        notify: Callable[..., None] = getattr(
            notifier, PRIORITIES[self._change.new])
        return notify
