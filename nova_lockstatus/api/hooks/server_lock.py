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
from nova import exception as nova_exception
from nova import notifications
from nova import policy as nova_policy
from nova.api.openstack.compute.schemas import lock_server as schemas
from nova.api.validation import validators
from nova.compute import instance_actions as nova_actions
from nova.compute import utils as compute_utils
from nova.db.main import api as db
from nova.db.main import models
from nova.objects import fields as nova_fields
from nova.objects import instance_action
from nova.policies import lock_server as policies
from oslo_db import api as oslo_db_api
from oslo_utils import timeutils

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import server_lock
from nova_lockstatus.events.notifications import (
    server_lock as lock_notifications,
)
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.gateway import instance_actions

ALIAS = server_locked_status.ServerLockedStatus.alias
KEY = lock_reason.KEY
API = 'nova.compute.api:API'
PACK = 'nova.objects.instance_action:InstanceAction.pack_action_start'

INSTANCES = models.Instance.__table__
SYSTEM_METADATA = models.InstanceSystemMetadata.__table__

# NOTE: its name had one more underscore in older releases.
LOCK_SCHEMA = getattr(schemas, 'lock_v273', None) or schemas.lock_v2_73

CHARSETS = sqlalchemy.text(
    'SELECT character_set_name, @@character_set_connection '
    'FROM information_schema.columns WHERE table_schema = DATABASE() '
    "AND table_name = 'instance_system_metadata' AND column_name = 'value'")


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
    try:
        validators._SchemaValidator(LOCK_SCHEMA).validate(
            {'lock': {KEY: reason}})
    except RecursionError as error:
        # The validator puts all of the reason into its words.
        raise nova_exception.ValidationError(
            detail='Invalid input for field/attribute %s. It is nested too '
                   'deeply.' % KEY) from error
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise nova_exception.ValidationError(
            detail='Invalid input for field/attribute %s. It is no Unicode '
                   'text.' % KEY) from error
    return str(reason)


def _lock(original: Callable[..., Any], answer: RequestState, api: Any,
          context: Any, instance: Any, reason: str | None = None) -> None:
    reason = asked_reason(answer.body)
    caller = server_lock.holder(instance.project_id, context.project_id)

    def decide(current: server_lock.Lock) -> server_lock.Lock | None:
        return server_lock.lock(current, caller, reason)

    _change(instance, nova_actions.LOCK, decide)


def _unlock(original: Callable[..., Any], answer: RequestState, api: Any,
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

    _change(instance, nova_actions.UNLOCK, decide)


def _change(instance: Any, action: str,
            decide: Callable[[server_lock.Lock], server_lock.Lock | None]
            ) -> None:
    before = instance.obj_clone()
    # NOTE: as Nova's own functions that write an instance.
    retry = oslo_db_api.wrap_db_retry(max_retries=5, retry_on_deadlock=True)
    context = retry(_write)(instance, action, decide)
    if context is None:
        return
    notifications.send_update(context, before, instance)
    with lock_notifications.unsent_is_logged('instance.' + action):
        compute_utils.notify_about_instance_action(
            context, instance, nova_policy.CONF.host, action=action,
            source=nova_fields.NotificationSource.API)
    lock_notifications.send_lock(context, instance, action,
                                 nova_policy.CONF.host)


def _write(instance: Any, action: str,
           decide: Callable[[server_lock.Lock], server_lock.Lock | None]
           ) -> Any:
    with _row_locked(instance) as (context, connection):
        lock = decide(_read(connection, instance.uuid))
        if lock is None:
            return None
        _store(connection, instance.uuid, lock)
        instance_actions.record(
            connection, instance_action.InstanceAction.pack_action_start(
                context, instance.uuid, action),
            'api_' + action, nova_policy.CONF.host)
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
        yield context.elevated(), connection


def _read(connection: Any, uuid: str) -> server_lock.Lock:
    locked_by = connection.execute(
        sqlalchemy.select(INSTANCES.c.locked_by).where(
            INSTANCES.c.uuid == uuid, INSTANCES.c.deleted == 0)).scalar()
    rows = {row.key: row.value for row in _reason_rows(connection, uuid)}
    return server_lock.Lock(locked_by, lock_reason.read(rows))


def _reason_rows(connection: Any, uuid: str) -> Any:
    columns = SYSTEM_METADATA.c
    return connection.execute(
        sqlalchemy.select(columns.id, columns.key, columns.value).where(
            columns.instance_uuid == uuid, columns.key.in_(lock_reason.KEYS),
        ).order_by(columns.id)).all()


def _store(connection: Any, uuid: str, lock: server_lock.Lock) -> None:
    now = timeutils.utcnow()
    connection.execute(INSTANCES.update().where(
        INSTANCES.c.uuid == uuid, INSTANCES.c.deleted == 0,
    ).values(locked=lock.locked_by is not None, locked_by=lock.locked_by,
             updated_at=now))
    wanted = lock_reason.rows(
        lock.reason, _holds(connection, lock.reason))
    found = _reason_rows(connection, uuid)
    if sorted((row.key, row.value) for row in found) == sorted(wanted.items()):
        return
    # NOTE: Nova deletes such rows for good: it reads those that are only
    # marked as deleted, too. By id, a database locks no more than these.
    if found:
        connection.execute(SYSTEM_METADATA.delete().where(
            SYSTEM_METADATA.c.id.in_([row.id for row in found])))
    if wanted:
        connection.execute(SYSTEM_METADATA.insert(), [
            {'instance_uuid': uuid, 'key': key, 'value': value,
             'created_at': now, 'deleted': 0}
            for key, value in wanted.items()])


def _holds(connection: Any, reason: str | None) -> bool:
    """Tell whether the database holds each character of a reason."""
    if (reason is None or not lock_reason.is_wide(reason)
            or connection.dialect.name not in ('mysql', 'mariadb')):
        return True
    # NOTE: Nova's migrations make tables of MySQL's utf8, which has three
    # bytes a character; an operator may have converted them.
    return set(connection.execute(CHARSETS).one()) == {'utf8mb4'}


def _show(instance: Any, lock: server_lock.Lock) -> None:
    """Let the Instance say what is stored, for the notifications."""
    instance.locked = lock.locked_by is not None
    instance.locked_by = lock.locked_by
    for key in lock_reason.KEYS:
        instance.system_metadata.pop(key, None)
    if lock.reason is not None:
        instance.system_metadata[KEY] = lock.reason
    instance.obj_reset_changes(['locked', 'locked_by', 'system_metadata'])


# NOTE: the controllers of lock and unlock call these two after they have asked
# the policy, the same since release 20. Nova's own functions are not called:
# they decide on what was read before.
HOOKS = (
    Hook(API, 'lock', ('self', 'context', 'instance', 'reason'), _lock,
              alias=ALIAS,
              relies_on=(PACK, 'nova.db.main.models:InstanceActionEvent',
                         'nova.notifications:send_update')),
    Hook(API, 'unlock', ('self', 'context', 'instance'), _unlock,
              alias=ALIAS),
)
