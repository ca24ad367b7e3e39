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

"""Records that somebody changes a server though it is locked."""

from typing import Any

import sqlalchemy
from nova import context as nova_context
from nova.db.main import api as db
from nova.db.main import models
from nova.objects import instance_action

from nova_lockstatus.core import lock_reason
from nova_lockstatus.gateway import instance_actions

ACTION = 'bypass_lock'


def record(instance: Any, reason: str, host: str) -> None:
    """Record an instance action whose event has the reason in its details.

    Nova shows the details of events to administrators alone.

    :param instance: the Instance, with a context that is targeted at its cell
    :param host: the name of the host in the event
    """
    context = instance._context
    # NOTE: by the request's id Nova finds the action of the call itself, so
    # this one needs another. Tables of MySQL's utf8 have no characters above
    # U+FFFF.
    action = {**instance_action.InstanceAction.pack_action_start(
        context, instance.uuid, ACTION),
        'request_id': nova_context.RequestContext().request_id}
    details = '%s (request %s)' % (
        lock_reason.rows(reason, wide=False)[lock_reason.KEY],
        context.request_id)
    event = models.InstanceActionEvent.__table__
    with db.get_context_manager(context).writer.using(context) as session:
        connection = session.connection()
        action_id = instance_actions.record(
            connection, action, 'api_' + ACTION, host)
        connection.execute(sqlalchemy.update(event).where(
            event.c.action_id == action_id).values(details=details))
