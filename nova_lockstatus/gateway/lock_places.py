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

"""Finds the cells and the servers that can have a lock."""

from typing import Any

import sqlalchemy
from nova.db.api import api as db
from nova.db.api import models
from nova.objects import cell_mapping

from nova_lockstatus.core import lock_query
from nova_lockstatus.gateway import hosts

RELIES_ON = (
    'nova.db.api.api:context_manager',
    'nova.db.api.models:InstanceMapping.cell_id',
    'nova.db.api.models:InstanceMapping.instance_uuid',
    'nova.objects.cell_mapping:CellMappingList.get_all',
    'nova.objects.cell_mapping:CellMappingList.get_by_project_id',
)

BEHIND = '-g'
"""What stands behind the rest of each UUID, in the order of every database."""


def with_uuid_like(context: Any, part: str) -> list[str]:
    """Find the servers whose uuids begin with the first group of a UUID.

    It takes one statement in the API database.

    :param context: a RequestContext
    :returns: the uuids of those that are in a cell
    """
    row = models.InstanceMapping
    with db.context_manager.reader.using(context) as session:
        return [uuid for uuid, in session.execute(
            sqlalchemy.select(row.instance_uuid).where(
                row.instance_uuid > part,
                row.instance_uuid < part + BEHIND,
                row.cell_id.is_not(None))
            .order_by(row.instance_uuid))]


def list_cells(context: Any, query: lock_query.LockQuery) -> list[Any]:
    """List the mappings of the cells that can have such locks."""
    if query.project_id is not None:
        mappings = cell_mapping.CellMappingList.get_by_project_id(
            context, query.project_id)
    else:
        mappings = cell_mapping.CellMappingList.get_all(context)
    if query.host is None:
        return list(mappings)
    found = hosts.find(context, query.host)
    return [cell for cell in mappings if found and cell.uuid == found[0]]
