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

"""os-server-locks: locks with an owner, an end and a level.

From the Nova blueprint add-locked-reason, which names the date after which a
server may be unlocked, and an alternative in which locks are resources.
"""

from collections.abc import Mapping
from typing import Any

from oslo_utils import timeutils

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import lock_schemas
from nova_lockstatus.core import locked_server
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import route
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.policies import server_locks as rules

_RESOURCE = 'nova_lockstatus.api.lock_resource:%s'
_BY_ID = 'nova_lockstatus.api.hooks.lock_by_id:%s'
_LIST = 'nova_lockstatus.api.lock_list:%s'


def _is_server(columns: Mapping[str, Any]) -> bool:
    # Also a server that is not locked in Nova can have locks.
    return True


def _locked_until(server: base.Server) -> str | None:
    scope_lock = server_locked_status.scope_lock(server)
    if scope_lock is not None:
        return locked_server.format_time(scope_lock.until)
    return locked_server.format_time(lock_rows.locked_until(
        server.system_metadata, server.instance.locked_by))


def _delete_protected(server: base.Server) -> bool:
    return (any(record.level == lock_record.DELETE
                for record in server.scope_locks)
            or lock_rows.is_protected(server.system_metadata,
                                      timeutils.utcnow()))


class ServerLocks(base.Extension):
    """Gives each caller a lock of its own, with an end and a level."""

    alias = 'os-server-locks'
    name = 'ServerLocks'
    description = 'Locks with an owner, an end and a level.'
    namespace = ('http://docs.openstack.org/compute/ext/'
                 'server_locks/api/v2')
    updated = '2026-11-30T00:00:00Z'

    policies = rules.RULES
    instance_attributes = ('locked_by',)
    system_metadata = dict.fromkeys(
        (lock_rows.SUMMARY_KEY, *lock_reason.KEYS), _is_server)
    server_fields = (
        base.ServerField('locked_until', rules.LOCKED_UNTIL, _locked_until),
        base.ServerField('delete_protected', rules.DELETE_PROTECTED,
                         _delete_protected),
    )

    routes = (
        route.Route('GET', '/os-locks', _LIST % 'index', rules.INDEX,
                    query=lock_schemas.LIST),
        route.Route('POST', '/os-locks', _RESOURCE % 'create', rules.CREATE,
                    status=201, body=lock_schemas.CREATE),
        # Of the lock depends which further rules are asked.
        route.Route('GET', '/os-locks/{id}', _BY_ID % 'show', rules.INDEX),
        route.Route('PUT', '/os-locks/{id}', _BY_ID % 'update', rules.INDEX,
                    body=lock_schemas.UPDATE),
        route.Route('DELETE', '/os-locks/{id}', _BY_ID % 'delete',
                    rules.INDEX, status=204),
        route.Route('GET', '/servers/{server_id}/os-locks',
                    _LIST % 'of_server', rules.SERVER_INDEX),
    )

    exempt: frozenset[str] = frozenset()
    """The calls that a lock of the level ``change`` that Nova does not know
    does not refuse; set when its pipeline is made."""
