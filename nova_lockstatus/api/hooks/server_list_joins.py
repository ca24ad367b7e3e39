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

"""Reads for a list of servers what Nova would join to each of them.

Nova reads the whole service of each server's host from microversion 2.16 on,
and all system metadata of all servers, a score of rows each, from 2.73 on. It
shows of them the status of the host, the reason of the lock and, from 2.98 on,
the properties of the image. Those rows alone are read here, with one statement
for each cell. Nova's own view and its own function show them: the answer is
the same, byte for byte.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nova import utils

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_reason
from nova_lockstatus.gateway import server_list_rows
from nova_lockstatus.policies import server_host_status as rules

SERVICES = 'services'
SYSTEM_METADATA = 'system_metadata'

UNKNOWN_SINCE = '2.105'
"""The first microversion whose view of servers nobody has read yet."""

IMAGE_PROPERTIES_SINCE = '2.98'
"""The microversion from which Nova shows the properties of images."""


def take_over(state: RequestState, attributes: set[str]) -> set[str]:
    """Decide what the plugin reads of a list instead of Nova.

    :param attributes: what Nova is to load lazily of each Instance
    :returns: what is left for Nova to load
    """
    if (not state.is_list or not state.pipeline.speedups
            or state.access.supports(UNKNOWN_SINCE)):
        return attributes
    replaced = ({SERVICES, SYSTEM_METADATA} & attributes
                - state.pipeline.instance_attributes)
    state.servers.replaced_joins = frozenset(replaced)
    # An Instance gets the system metadata that stands in its record.
    return attributes - (replaced & {SERVICES})


def without_joins(state: RequestState,
                  arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out of a statement of Nova what the plugin reads.

    :param arguments: those of ``InstanceLister.get_by_filters()``
    """
    columns: Iterable[str] | None = arguments.get('columns_to_join')
    if columns is None or not state.servers.replaced_joins:
        return arguments
    return {**arguments, 'columns_to_join': [
        column for column in columns
        if column not in state.servers.replaced_joins]}


def fill(state: RequestState, targeted: Any,
         records: Sequence[dict[str, Any]]) -> None:
    """Read what Nova's statement left out of a cell's servers.

    An error is one of Nova's statement: the cell counts as down.

    :param targeted: a RequestContext of the cell
    :param records: the servers, as Nova makes Instances from them
    """
    replaced = state.servers.replaced_joins
    cell = targeted.cell_uuid
    services = state.host_status.services
    hosts = set()
    if SERVICES in replaced and _sees_host_status(state):
        hosts = {record['host'] for record in records
                 if record['host'] and (cell, record['host']) not in services}
    # What the fields need of locked servers comes with the same statement.
    reads = state.pipeline.reads_system_metadata
    uuids = [record['uuid'] for record in records
             if SYSTEM_METADATA in replaced or (hosts and reads(record))]
    keys = state.pipeline.system_metadata_keys | {lock_reason.KEY}
    prefix = (utils.SM_IMAGE_PROP_PREFIX
              if state.access.supports(IMAGE_PROPERTIES_SINCE) else None)
    rows = server_list_rows.read_in_cell(targeted, server_list_rows.ListQuery(
        uuids, hosts, [], keys, prefix))
    for host in hosts:
        state.host_status.add_services((cell, host), rows.services[host])
    found = {uuid: rows.system_metadata.get(uuid, {}) for uuid in uuids}
    state.servers.add_system_metadata(found)
    if SYSTEM_METADATA in replaced:
        for record in records:
            record[SYSTEM_METADATA] = found[record['uuid']]


def _sees_host_status(state: RequestState) -> bool:
    # As _get_host_status_unknown_only() asks for a list.
    target = {'project_id': state.context.project_id,
              'user_id': state.context.user_id}
    return any(state.policy.may(rule, target)
               for rule in (rules.HOST_STATUS, rules.UNKNOWN_ONLY))


class _Server(NamedTuple):
    """What Nova reads of an Instance to name the status of its host."""

    uuid: str
    host: str | None
    services: Sequence[Any]


def _get_instances_host_statuses(original: Callable[..., Any], api: Any,
                                 instance_list: Iterable[Any]) -> Any:
    state = CURRENT.get()
    if state is None or SERVICES not in state.servers.replaced_joins:
        return original(api, instance_list)
    return original(api, [_server(state, instance)
                          for instance in instance_list])


def _server(state: RequestState, instance: Any) -> Any:
    # Nova joins no services to a server that is deleted.
    if not instance.host or instance.deleted:
        return _Server(instance.uuid, instance.host, ())
    cell = state.servers.cells.get(instance.uuid)
    services = state.host_status.services.get(
        (cell.uuid if cell else None, instance.host))
    if services is None:
        return instance
    return _Server(instance.uuid, instance.host, services)


# NOTE: the view of servers calls it for a list since release 18, and reads of
# it uuid, host and services.
HOOKS = (
    Hook('nova.compute.api:API', 'get_instances_host_statuses',
         ('self', 'instance_list'), _get_instances_host_statuses),
)
