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

"""Publishes that a call changes the status of a host.

No call waits for the message broker longer than :data:`NOTIFICATION_TIMEOUT`.
"""

import dataclasses
import functools
import threading
from collections.abc import Callable
from typing import Any

import nova.conf
import sqlalchemy
from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus.api import after_response
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.events import sinks
from nova_lockstatus.events.notifications import own_notifier
from nova_lockstatus.extensions import server_host_status
from nova_lockstatus.gateway import compute_service
from nova_lockstatus.gateway import instances
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.threads import SerialWorker

LOG = logs.logger(__name__)

CONF = nova.conf.CONF

CHANGEABLE = ('disabled', 'forced_down')
"""What a call can change of the status of a host."""


NOTIFICATION_TIMEOUT = 1
"""Seconds that a call waits for Nova's own notification of its change."""


@dataclasses.dataclass
class _Notification:
    """Nova's notification of a host's change, which is to be sent."""

    host: str
    send: Callable[[], object]
    done: threading.Event = dataclasses.field(
        default_factory=threading.Event)

    def __str__(self) -> str:
        return "Nova's notification of the change of host %s" % self.host


class _Sender:
    """Sends notifications in their order, in a thread of the process."""

    def __init__(self) -> None:
        self._worker: SerialWorker[_Notification] = SerialWorker(self._send)
        self._overdue: _Notification | None = None

    def send(self, notification: _Notification) -> None:
        """Send a notification, and wait until it is sent, for some time.

        Where an earlier one waits for the broker, this one goes after it, and
        the call does not wait.
        """
        self._worker.put(notification)
        if self._overdue is None or self._overdue.done.is_set():
            if notification.done.wait(NOTIFICATION_TIMEOUT):
                return
            self._overdue = notification
        LOG.warning('The message broker does not take %s. The call is '
                    'answered, and this nova-api goes on trying.',
                    notification)

    @staticmethod
    def _send(notification: _Notification) -> None:
        try:
            notification.send()
        finally:
            notification.done.set()


_SENDER = _Sender()


def _save(original: Callable[..., Any], state: RequestState,
          service: Any) -> Any:
    state.service_before = _read(service)
    return original(service)


def _notify(original: Callable[..., Any], state: RequestState, service: Any,
            updates: Any) -> None:
    before, state.service_before = state.service_before, None
    if before is None:
        original(service, updates)
        return
    # First, as it must not wait for the broker.
    _announce(state, service, before)
    _SENDER.send(_Notification(
        service.host, functools.partial(original, service, updates)))


def _may_change_status(service: Any) -> bool:
    """Tell whether what is saved may have to be announced."""
    return (service.binary == host_status.BINARY
            and not service.obj_what_changed().isdisjoint(CHANGEABLE)
            and bool(sinks.configured(CONF)))


def _read(service: Any) -> dict[str, Any] | None:
    """Read what is stored of a service before it is saved.

    :returns: the record, None where there is nothing to announce, or where it
        cannot be read
    """
    # The Service has the new values already.
    context = service._context
    try:
        if not _may_change_status(service):
            return None
        with db.get_context_manager(context).reader.using(context) as session:
            return compute_service.record(session.execute(
                sqlalchemy.select(*compute_service.COLUMNS)
                .where(models.Service.id == service.id)).one())
    except Exception:
        LOG.exception('The compute service of host %s cannot be read. If the '
                      'call changes the status of the host, no notification '
                      'is sent.', service.host)
        return None


def _announce(state: RequestState, service: Any,
              before: dict[str, Any]) -> None:
    try:
        change = _change(service, before, state.pipeline.service_is_up)
        if change is None:
            return
        publisher = state.pipeline.publisher
        assert publisher is not None
        publisher.publish(change)
        if after_response.green_threads_are_blocked():
            state.on_close = functools.partial(
                publisher.wait, publisher.after_response_timeout)
    except Exception:
        LOG.exception('The status of host %s has changed, and no '
                      'notification is sent.', service.host)


def _change(service: Any, before: dict[str, Any],
            service_is_up: Callable[[Any], bool]
            ) -> host_event.StatusChange | None:
    # Asked once: that its time runs out in between is none of the call's
    # doing. NOTE: of one that is forced down Nova says that it is not up.
    @functools.cache
    def is_up() -> bool:
        return service_is_up({**before, 'forced_down': False})

    after = {**before, **{name: service[name] for name in CHANGEABLE}}
    old, new = (host_status.status(record, lambda _service: is_up())
                for record in (before, after))
    if old == new:
        return None
    context = service._context
    return host_event.StatusChange(
        id=uuidutils.generate_uuid(), cell=context.cell_uuid,
        host=service.host, old=old, new=new,
        changed_at=timeutils.utcnow(with_timezone=True),
        request_id=context.request_id, user_id=context.user_id,
        project_id=context.project_id)


# NOTE: each call that enables, disables or forces down a compute service, at
# each microversion, ends in Service.save(), with a context that is targeted at
# the service's cell, since release 20. HostAPI.service_update() calls it, and
# then waits for the host itself to answer: for one that is dead, until the
# call times out. save() commits, and then calls
# _send_status_update_notification(), which sends Nova's own service.update:
# over a connection that was made before, it waits as long as the broker is
# away. That is the same in releases 26 to 34.
HOOKS = (
    Hook('nova.objects.service:Service', '_send_status_update_notification',
         ('self', 'updates'), _notify,
         alias=server_host_status.ServerHostStatus.alias),
    Hook('nova.objects.service:Service', 'save', ('self',), _save,
         alias=server_host_status.ServerHostStatus.alias,
         relies_on=(*instances.RELIES_ON,
                    *own_notifier.RELIES_ON,
                    'nova.db.main.models:Service.forced_down')),
)
