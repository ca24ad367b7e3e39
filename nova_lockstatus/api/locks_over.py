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

"""Which locks of projects and hosts stand over the servers of a request."""

from collections.abc import Callable, Sequence
from typing import Any

from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks as records
from nova_lockstatus.core.host_status import HostKey
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.extensions import server_locks
from nova_lockstatus.gateway import instance_actions
from nova_lockstatus.utils.log_once import LogOnce

ALIAS = server_locks.ServerLocks.alias

UNREAD = 'Servers are shown without the locks of their projects and hosts'

_LOG_ONCE = LogOnce()


def of_server(instance: Any) -> list[LockRecord]:
    """Return the locks that a server has of its own, the strictest first.

    :param instance: its Instance, with its system metadata
    :returns: also those that have ended and are not lifted yet
    :raises ValueError: when the locks that are stored are damaged
    """
    return _of_server(instance, records.Maker)


def shown_of_server(instance: Any) -> list[LockRecord]:
    """Return the locks that a server has of its own, as they are shown.

    It takes one statement more than :func:`of_server` where Nova alone has
    recorded who locked the server.

    :param instance: its Instance, whose context is targeted at its cell
    :raises ValueError: when the locks that are stored are damaged
    """
    return _of_server(instance, lambda: records.Maker(
        *instance_actions.read_lock(instance)))


def _of_server(instance: Any, read_maker: Callable[[], records.Maker]
               ) -> list[LockRecord]:
    return records.reconcile(
        instance.uuid, lock_rows.read(instance.uuid, instance.system_metadata),
        server_lock.Lock(instance.locked_by,
                         lock_reason.read(instance.system_metadata)),
        read_maker)


def over(state: RequestState, instance: Any) -> Sequence[LockRecord]:
    """Return the locks of its project and its host that stand over a server.

    They are read once in a request, with one statement.

    :param instance: its Instance
    :returns: the locks, the strictest first
    :raises LockStatusException: when they cannot be read
    """
    found = state.scope_locks.get(instance.uuid)
    if found is None:
        host = _host(state, instance)
        found = state.pipeline.scope_locks.standing_over(
            {instance.project_id}, {host} if host else set(),
        ).over(instance.project_id, host)
        state.scope_locks[instance.uuid] = found
    return found


def over_new_server(state: RequestState) -> Sequence[LockRecord]:
    """Return the locks that refuse a new server in the caller's project.

    :returns: the locks, the strictest first
    :raises LockStatusException: when they cannot be read
    """
    project = state.context.project_id
    return state.pipeline.scope_locks.standing_over(
        {project}, set()).over_new_server(project)


def read_shown(state: RequestState) -> None:
    """Read the locks over all servers of an answer, with one statement.

    Where they cannot be read, the servers are shown without them.
    """
    if ALIAS not in state.pipeline.extensions:
        return
    try:
        read(state, [instance for _body, instance in state.servers])
    except Exception as error:
        _LOG_ONCE.failed(UNREAD, error)
    else:
        _LOG_ONCE.worked(UNREAD)


def read(state: RequestState, instances: Sequence[Any]) -> None:
    """Read the locks of projects and hosts over servers, with one statement.

    :param instances: their Instances
    :raises LockStatusException: when they cannot be read
    """
    if not instances:
        return
    servers = {instance.uuid: (instance.project_id, _host(state, instance))
               for instance in instances}
    standing = state.pipeline.scope_locks.standing_over(
        {project for project, _host in servers.values() if project},
        {host for _project, host in servers.values() if host})
    state.scope_locks.update({uuid: standing.over(*place)
                              for uuid, place in servers.items()})


def _host(state: RequestState, instance: Any) -> HostKey | None:
    # In a cell that is down the host is not known.
    if 'host' not in instance or not instance.host:
        return None
    mapping = state.servers.cells.get(instance.uuid)
    if mapping is not None:
        return mapping.uuid, instance.host
    # NOTE: what reads a server targets its context at the cell, by
    # set_target_cell(), since before release 20.
    return instance._context.cell_uuid, instance.host
