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

"""The JSON of a lock."""

from collections.abc import Callable
from typing import Any

from oslo_utils import timeutils

from nova_lockstatus.api import policy
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import locked_server
from nova_lockstatus.core import server_locks
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.policies import server_locked_status as status_rules
from nova_lockstatus.policies import server_locks as rules

May = Callable[[str, dict[str, Any]], bool]


def target(record: LockRecord) -> dict[str, str]:
    """Return the target of the rules on a lock of a project or a host."""
    return policy.target(
        record.scope_id if record.scope == lock_record.PROJECT else None,
        None)


def view(may: May, record: LockRecord,
         server: dict[str, Any] | None = None) -> dict[str, Any]:
    """Show a lock, without the keys that the policy refuses.

    :param may: checks a policy rule for the caller and a target
    :param server: the target of the rules of the server that has it or that it
        is over, None for the lock of a project or a host by itself
    """
    over = server or target(record)
    shows_scope = record.scope != lock_record.HOST or may(
        rules.SHOW_HOST, over)
    body = {'id': record.id, 'scope': record.scope,
            'scope_id': record.scope_id if shows_scope else None,
            'level': record.level, 'origin': record.origin,
            'release': record.release, 'create': record.create,
            'expired': lock_record.is_expired(record, timeutils.utcnow())}
    for rule, values in (
            (status_rules.LOCKED_BY, {'locked_by': record.locked_by}),
            (status_rules.LOCKED_REASON, {'locked_reason': record.reason}),
            (rules.LOCKED_UNTIL, {'locked_until': locked_server.format_time(
                record.until)}),
            (status_rules.LOCKED_AT, {'locked_at': locked_server.format_time(
                None if record.since == server_locks.UNKNOWN_TIME
                else record.since)}),
            (status_rules.LOCKED_BY_USER_ID, {
                'locked_by_user_id': record.user_id,
                'locked_by_project_id': record.project_id})):
        if may(rule, over):
            body.update(values)
    return body
