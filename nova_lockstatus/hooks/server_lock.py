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

"""Locks and unlocks servers, so that the reason belongs to the lock in force.

Nova reads a server, decides, and writes it in a transaction of its own, so
calls at the same time act on what they read before. Here one transaction locks
the server's row, reads it, decides, writes and records the instance action.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy
import webob.exc
from nova import notifications
from nova import policy as nova_policy
from nova.api.openstack.compute.schemas import lock_server as schemas
from nova.api.validation import validators
from nova.compute import instance_actions
from nova.compute import utils as compute_utils
from nova.db.main import api as db
from nova.db.main import models
from nova import exception as nova_exception
from nova.objects import fields as nova_fields
from nova.policies import lock_server as policies
from oslo_db import api as oslo_db_api
from oslo_utils import timeutils

from nova_lockstatus import answer as answers
from nova_lockstatus import server_lock
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.hooks import base
from nova_lockstatus.notifications import instance as lock_notifications

ALIAS = server_locked_status.ServerLockedStatus.alias
KEY = server_locked_status.REASON_KEY
API = 'nova.compute.api:API'

INSTANCES = models.Instance.__table__
SYSTEM_METADATA = models.InstanceSystemMetadata.__table__

def asked_reason(body: Any) -> str | None:
    """Read the reason in the body of a lock, at whatever microversion.

    :param body: the body, which stock Nova accepts in any form below 2.73
    :returns: the reason, None where the body has none
    :raises ValidationError: when it is no string of 1 to 255 characters, with
        the words of Nova 2.73
    """
    lock = body.get('lock') if isinstance(body, dict) else None
    if not isinstance(lock, dict) or KEY not in lock:
        return None
    reason: Any = lock[KEY]
    validators._SchemaValidator(schemas.lock_v273).validate(
        {'lock': {KEY: reason}})
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise nova_exception.ValidationError(
            detail='Invalid input for field/attribute %s. It is no Unicode '
                   'text.' % KEY) from error
    return str(reason)


def _lock(original: Callable[..., Any], answer: answers.Answer, api: Any,
          context: Any, instance: Any, reason: str | None = None) -> None:
    reason = asked_reason(answer.body)
    caller = server_lock.holder(instance.project_id, context.project_id)

    def decide(current: server_lock.Lock) -> server_lock.Lock | None:
        return server_lock.lock(current, caller, reason)

    _change(api, instance, instance_actions.LOCK, decide)


def _unlock(original: Callable[..., Any], answer: answers.Answer, api: Any,
            context: Any, instance: Any) -> None:
    caller = server_lock.holder(instance.project_id, context.project_id)
    judged = instance.locked_by

    def decide(current: server_lock.Lock) -> server_lock.Lock:
        if current.locked_by not in (None, caller, judged):
            # Nova's controller asked that for the lock that was there before.
            nova_policy.authorize(
                context, policies.POLICY_ROOT % 'unlock:unlock_override',
                {'project_id': instance.project_id})
        return server_lock.Lock()

    _change(api, instance, instance_actions.UNLOCK, decide)


def _change(api: Any, instance: Any, action: str,
            decide: Callable[[server_lock.Lock], server_lock.Lock | None]
            ) -> None:
    before = instance.obj_clone()
    # NOTE: as Nova's own functions that write an instance.
    retry = oslo_db_api.wrap_db_retry(max_retries=5, retry_on_deadlock=True)
    context = retry(_write)(api, instance, action, decide)
    if context is None:
        return
    notifications.send_update(context, before, instance)
    compute_utils.notify_about_instance_action(
        context, instance, nova_policy.CONF.host, action=action,
        source=nova_fields.NotificationSource.API)
    lock_notifications.send_lock(context, instance, action,
                                 nova_policy.CONF.host)


def _write(api: Any, instance: Any, action: str,
           decide: Callable[[server_lock.Lock], server_lock.Lock | None]
           ) -> Any:
    with _row_locked(instance) as (context, connection):
        current = _read(connection, instance.uuid)
        lock = decide(current)
        if lock is None:
            return None
        api._record_action_start(context, instance, action)
        with compute_utils.EventReporter(
                context, 'api_' + action, nova_policy.CONF.host,
                instance.uuid):
            _store(connection, instance.uuid, current, lock)
    _show(instance, lock)
    return context


@contextlib.contextmanager
def _row_locked(instance: Any) -> Iterator[tuple[Any, Any]]:
    context = instance._context
    with db.get_context_manager(context).writer.using(context) as session:
        connection = session.connection()
        # An UPDATE that changes nothing locks the row on every engine, where
        # SQLite takes no notice of FOR UPDATE. Reads after it see what was
        # committed last.
        found = connection.execute(INSTANCES.update().where(
            INSTANCES.c.uuid == instance.uuid, INSTANCES.c.deleted == 0,
        ).values(updated_at=INSTANCES.c.updated_at))
        if not found.rowcount:
            raise webob.exc.HTTPNotFound(
                explanation=nova_exception.InstanceNotFound(
                    instance_id=instance.uuid).format_message())
        # A copy made here is in the same transaction.
        yield context.elevated(), connection


def _reason_row(uuid: str) -> Any:
    return sqlalchemy.and_(SYSTEM_METADATA.c.instance_uuid == uuid,
                           SYSTEM_METADATA.c.key == KEY)


def _read(connection: Any, uuid: str) -> server_lock.Lock:
    locked_by = connection.execute(
        sqlalchemy.select(INSTANCES.c.locked_by).where(
            INSTANCES.c.uuid == uuid, INSTANCES.c.deleted == 0)).scalar()
    reason = connection.execute(
        sqlalchemy.select(SYSTEM_METADATA.c.value).where(
            _reason_row(uuid))).scalar()
    return server_lock.Lock(locked_by, reason)


def _store(connection: Any, uuid: str, current: server_lock.Lock,
           lock: server_lock.Lock) -> None:
    now = timeutils.utcnow()
    connection.execute(INSTANCES.update().where(
        INSTANCES.c.uuid == uuid, INSTANCES.c.deleted == 0,
    ).values(locked=lock.locked_by is not None, locked_by=lock.locked_by,
             updated_at=now))
    if lock.reason != current.reason:
        # NOTE: Nova deletes such rows for good: it reads those that are only
        # marked as deleted, too.
        connection.execute(SYSTEM_METADATA.delete().where(_reason_row(uuid)))
        if lock.reason is not None:
            connection.execute(SYSTEM_METADATA.insert().values(
                instance_uuid=uuid, key=KEY, value=lock.reason,
                created_at=now, deleted=0))


def _show(instance: Any, lock: server_lock.Lock) -> None:
    """Let the Instance say what is stored, for the notifications."""
    instance.locked = lock.locked_by is not None
    instance.locked_by = lock.locked_by
    instance.system_metadata.pop(KEY, None)
    if lock.reason is not None:
        instance.system_metadata[KEY] = lock.reason
    instance.obj_reset_changes(['locked', 'locked_by', 'system_metadata'])


# NOTE: the controllers of lock and unlock call these two after they have asked
# the policy, the same since release 20. Nova's own functions are not called:
# they decide on what was read before.
HOOKS = (
    base.Hook(API, 'lock', ('self', 'context', 'instance', 'reason'), _lock,
              alias=ALIAS,
              relies_on=(API + '._record_action_start',
                         'nova.compute.utils:EventReporter',
                         'nova.notifications:send_update')),
    base.Hook(API, 'unlock', ('self', 'context', 'instance'), _unlock,
              alias=ALIAS),
)
