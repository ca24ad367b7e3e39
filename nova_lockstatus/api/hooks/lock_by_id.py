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

"""Answers the calls of os-locks that name a lock: show, change and lift it."""

from collections.abc import Callable
from typing import Any, cast

from nova import policy as nova_policy
from nova.policies import lock_server as policies

from nova_lockstatus.api import lock_lookup
from nova_lockstatus.api import lock_resource
from nova_lockstatus.api import lock_view
from nova_lockstatus.api.hooks import server_lock as lock_hooks
from nova_lockstatus.api.lock_lookup import FoundLock
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.extensions.route import ApiRequest
from nova_lockstatus.gateway import server_locks as gateway
from nova_lockstatus.policies import server_locks as rules

LOCK = policies.POLICY_ROOT % 'lock'
UNLOCK = policies.POLICY_ROOT % 'unlock'

Change = Callable[[LockRecord, Any], LockRecord | None]
"""Gets a lock and the time of the database, and returns the lock as it is to
be; None: none."""


def show(request: ApiRequest) -> dict[str, Any]:
    """Answer GET /os-locks/{id}."""
    found = lock_lookup.find(request)
    return _answer(request, found, found.record)


def update(request: ApiRequest) -> dict[str, Any]:
    """Answer PUT /os-locks/{id}."""
    found = lock_lookup.find(request)
    if found.instance is None:
        _check_scope(request, rules.UPDATE)
        return _answer(request, found, lock_resource.update_scope(request))
    request.context.can(LOCK, found.target)
    given = lock_resource.given(request)
    after = _change(request, found, lambda record, now: lock_resource.changed(
        record, given, now))
    assert after is not None
    return _answer(request, found, after)


def delete(request: ApiRequest) -> None:
    """Answer DELETE /os-locks/{id}."""
    found = lock_lookup.find(request)
    if found.instance is None:
        _check_scope(request, rules.DELETE)
        lock_resource.delete_scope(request)
        return
    request.context.can(UNLOCK, found.target)
    _change(request, found, lambda record, now: None)


def _answer(request: ApiRequest, found: FoundLock, record: LockRecord
            ) -> dict[str, Any]:
    return {'lock': lock_view.view(request.may, record, found.target)}


def _check_scope(request: ApiRequest, rule: str) -> None:
    context = request.context
    context.can(rule, {'project_id': context.project_id,
                       'user_id': context.user_id})


def _change(request: ApiRequest, found: FoundLock, change: Change
            ) -> LockRecord | None:
    """Change or lift a lock of a server.

    :returns: the lock after it, None where it is lifted
    """
    instance = found.instance
    before = instance.obj_clone()
    with lock_hooks.refuse_if_busy(instance):
        after, written = _write(request.context, found, change)
    if written is not None:
        lock_hooks.notify(before, instance, *written)
    return cast(LockRecord | None, after)


@lock_hooks.retry_on_deadlock  # type: ignore[untyped-decorator,unused-ignore]
def _write(context: Any, found: FoundLock, change: Change
           ) -> tuple[LockRecord | None, gateway.LockChange | None]:
    instance = found.instance
    with lock_hooks.locked_rows(instance) as rows:
        stored = gateway.read(rows)
        before = next((record for record in stored.standing
                       if record.id == found.record.id), None)
        if before is None:
            raise lock_resource.not_found(found.record.id)
        _check_holder(context, instance, before)
        after = change(before, stored.now)
        if after == before:
            return after, None
        records = lock_record.strictest_first(
            [record for record in (
                after if record is before else record
                for record in stored.standing) if record is not None])
        return after, gateway.write(
            rows, records, _action(stored.current, after, records),
            nova_policy.CONF.host)


def _check_holder(context: Any, instance: Any, record: LockRecord) -> None:
    caller = server_locks.Caller(
        server_lock.holder(instance.project_id, context.project_id),
        context.user_id, context.project_id)
    if server_locks.needs_override(record, caller):
        nova_policy.authorize(context, lock_hooks.UNLOCK_OVERRIDE,
                              {'project_id': instance.project_id})


def _action(current: server_lock.Lock, after: LockRecord | None,
            records: list[LockRecord]) -> str:
    if after is None:
        return server_locks.action_of_unlock(
            current, server_locks.in_force(records))
    return server_locks.action_of_lock(current, after, records)
