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

"""Reads and records the instance actions of one server."""

from collections.abc import Mapping, Sequence
from typing import Any

from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.extensions import base

LIMIT = 100
"""The most actions that are read, whatever the history of a server."""


def read(instance: Any, names: Sequence[str]) -> Sequence[base.Action]:
    """Read the newest actions of a server, with one statement.

    :param instance: the Instance, with a context that is targeted at its cell
    :param names: the names of the actions
    :returns: the actions, the newest first, :data:`LIMIT` at the most
    """
    context = instance._context
    row = models.InstanceAction
    with db.get_context_manager(context).reader.using(context) as session:
        return [base.Action(*found) for found in session.query(
            row.action, row.user_id, row.start_time
        ).filter(
            row.instance_uuid == instance.uuid, row.action.in_(names),
            row.deleted == 0
        ).order_by(row.id.desc()).limit(LIMIT)]


def record(connection: Any, action: Mapping[str, Any], event: str,
           host: str) -> int:
    """Record an instance action of which one event is over, and well.

    :param connection: it is inserted in the transaction of this one
    :param action: what ``InstanceAction.pack_action_start()`` makes of it, and
        further columns
    :param event: the name of the event
    :param host: the name of the host that it was on
    :returns: the number of the instance action
    """
    # NOTE: Nova's EventReporter writes the same, but goes on after a deadlock
    # has ended the transaction and hides it, and its functions retry inside.
    now = timeutils.utcnow()
    times = {'created_at': now, 'updated_at': now, 'deleted': 0}
    number: int = connection.execute(
        models.InstanceAction.__table__.insert().values({**action, **times}),
    ).inserted_primary_key[0]
    connection.execute(models.InstanceActionEvent.__table__.insert().values(
        action_id=number, event=event, host=host, start_time=now,
        finish_time=now, result='Success', **times))
    return number
