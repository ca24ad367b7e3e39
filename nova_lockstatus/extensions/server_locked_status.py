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

"""os-server-locked-status: is a server locked, by whom, and why?

From the Nova blueprints get-lock-status-of-instance and add-locked-reason.
"""

from collections.abc import Mapping
from typing import Any

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import locked_server
from nova_lockstatus.core import server_lock
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.extensions import base
from nova_lockstatus.policies import server_locked_status as rules

LOCK_DETAILS = 'lock_details'
"""The query parameter that has a list say since when servers are locked."""


def is_locked(columns: Mapping[str, Any]) -> bool:
    """Tell whether a server is locked.

    :param columns: the server's columns, or its Instance
    :returns: the value of ``locked`` that Nova shows from microversion 2.9 on
    """
    return bool(columns['locked_by'])


def scope_lock(server: base.Server) -> LockRecord | None:
    """Return the lock of its project or host that is shown of a server.

    :returns: the strictest, None where its own lock is as strict
    """
    if server.instance.locked_by == server_lock.ADMIN:
        return None
    return next((record for record in server.scope_locks
                 if record.level == lock_record.CHANGE), None)


def _locked(server: base.Server) -> bool:
    return is_locked(server.instance) or scope_lock(server) is not None


def _locked_by(server: base.Server) -> str | None:
    found = scope_lock(server)
    locked_by: str | None = (found.locked_by if found
                             else server.instance.locked_by)
    return locked_by


def _locked_reason(server: base.Server) -> str | None:
    found = scope_lock(server)
    if found is not None:
        return found.reason
    if not is_locked(server.instance):
        return None
    return lock_reason.read(server.system_metadata)


def _lock(server: base.Server) -> base.Lock:
    found = scope_lock(server)
    if found is not None:
        return base.Lock(found.since, found.user_id)
    return server.read_lock() if is_locked(server.instance) else base.Lock()


def _locked_at(server: base.Server) -> str | None:
    return locked_server.format_time(_lock(server).since)


def _locked_by_user_id(server: base.Server) -> str | None:
    found = scope_lock(server)
    if found is not None:
        return found.user_id
    # Where another lock was lifted, it is not who locked last.
    return lock_rows.locked_by_user_id(
        server.system_metadata, server.instance.locked_by) or (
            _lock(server).user_id)


class ServerLockedStatus(base.Extension):
    """Shows the lock of a server at every microversion."""

    alias = 'os-server-locked-status'
    name = 'ServerLockStatus'
    description = 'Whether a server is locked, by whom, and why.'
    namespace = ('http://docs.openstack.org/compute/ext/'
                 'server_locked_status/api/v2')
    updated = '2026-11-21T00:00:00Z'

    policies = rules.RULES
    instance_attributes = ('locked_by',)
    system_metadata = dict.fromkeys(lock_reason.KEYS, is_locked)
    server_fields = (
        base.ServerField('locked', rules.LOCKED, _locked,
                         nova_since='2.9', replaces_nova=True,
                         follows_nova=True, searchable=True),
        base.ServerField('locked_by', rules.LOCKED_BY, _locked_by,
                         searchable=True),
        base.ServerField('locked_reason', rules.LOCKED_REASON,
                         _locked_reason, nova_since='2.73',
                         replaces_nova=True, follows_nova=True),
        base.ServerField('locked_at', rules.LOCKED_AT, _locked_at,
                         shown_alone=True, list_parameter=LOCK_DETAILS),
        base.ServerField('locked_by_user_id', rules.LOCKED_BY_USER_ID,
                         _locked_by_user_id, shown_alone=True,
                         list_parameter=LOCK_DETAILS),
    )
