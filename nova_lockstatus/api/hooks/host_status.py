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

"""Sees that a call changes the status of a host, and has that announced."""

import functools
from collections.abc import Callable
from typing import Any

import nova.conf
import sqlalchemy
from nova.db.main import api as db
from nova.db.main import models
from oslo_log import log as logging
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus.api import after_response
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.events import sinks
from nova_lockstatus.extensions import server_host_status
from nova_lockstatus.gateway import compute_service
from nova_lockstatus.gateway import instances

LOG = logging.getLogger(__name__)

CONF = nova.conf.CONF

CHANGEABLE = ('disabled', 'forced_down')
"""What a call can change of the status of a host."""


def _save(original: Callable[..., Any], state: RequestState,
          service: Any) -> Any:
    before = _read(service)
    result = original(service)
    if before is not None:
        _announce(state, service, before)
    return result


def _can_change(service: Any) -> bool:
    """Tell whether what is saved may have to be announced."""
    return (service.binary == host_status.BINARY
            and not service.obj_what_changed().isdisjoint(CHANGEABLE)
            and bool(sinks.wanted(CONF)))


def _read(service: Any) -> dict[str, Any] | None:
    """Read what is stored of a service before it is saved.

    :returns: the record, None where there is nothing to announce, or where it
        cannot be read
    """
    # The Service has the new values already.
    context = service._context
    try:
        if not _can_change(service):
            return None
        with db.get_context_manager(context).reader.using(context) as session:
            return compute_service.record(session.execute(
                sqlalchemy.select(*compute_service.COLUMNS)
                .where(models.Service.id == service.id)).one())
    except Exception:
        LOG.exception('Of host %s it is not known whether its status '
                      'changes: that is not announced.', service.host)
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
        if after_response.green_threads_stand_still():
            state.on_close = functools.partial(
                publisher.wait, publisher.after_response_timeout)
    except Exception:
        LOG.exception('It is not announced that the status of host %s has '
                      'changed.', service.host)


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
# call times out. save() has committed when it returns, and has sent Nova's
# own service.update.
HOOKS = (
    Hook('nova.objects.service:Service', 'save', ('self',), _save,
         alias=server_host_status.ServerHostStatus.alias,
         relies_on=(*instances.RELIES_ON,
                    'nova.db.main.models:Service.forced_down',
                    'nova.rpc:LegacyValidatingNotifier',
                    'nova.rpc:LEGACY_NOTIFIER',
                    'nova.rpc:NOTIFIER')),
)
