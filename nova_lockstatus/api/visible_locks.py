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

"""Locks, as far as the caller of a request may see them."""

from collections.abc import Iterable
from typing import Any

from nova_lockstatus.core import lock_record
from nova_lockstatus.core.lock_record import VisibleLock
from nova_lockstatus.extensions import fields
from nova_lockstatus.policies import server_locked_status
from nova_lockstatus.policies import server_locks


def see(access: fields.RequestAccess,
        records: Iterable[lock_record.LockRecord], target: dict[str, Any]
        ) -> list[VisibleLock]:
    """Return what a caller may see of locks, in their order.

    :param target: of the policy rules
    """
    def seen(rule: str, value: Any) -> Any:
        return value if access.allows(rule, target) else None

    return [VisibleLock(
        record.scope, seen(server_locks.DELETE_PROTECTED, record.level),
        seen(server_locked_status.LOCKED_BY, record.locked_by),
        seen(server_locked_status.LOCKED_REASON, record.reason),
        seen(server_locks.LOCKED_UNTIL, record.until))
        for record in records]
