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

"""Nova's objects of hypervisors and their services, which load lazily.

Nova converts the row of a compute node into thirty attributes, and parses four
of them, to show five. These objects convert an attribute on first use, in
Nova's own way, and are Nova's objects in all else.
"""

from collections.abc import Mapping
from typing import Any

from nova.objects import base as objects_base
from nova.objects import compute_node
from nova.objects import service
from oslo_serialization import jsonutils

Row = Mapping[str, Any]


class _FromRow:
    """Takes values of Nova's own types from a row, and others on first use."""

    NOVA_CLASS: Any
    """Nova's class."""

    COLUMNS: Mapping[str, type]
    """The attributes that the row has under the same name, each with the type
    that Nova's field keeps as it is; ``object`` where it converts all."""

    def __init__(self: Any, context: Any, row: Row) -> None:
        # NOTE: not Service.__init__(), which sets a version.
        objects_base.NovaObject.__init__(self, context)
        self.row = row
        attributes = self.__dict__
        for name, kind in self.COLUMNS.items():
            value = row[name]
            if type(value) is kind:
                attributes['_obj_' + name] = value

    def obj_load_attr(self: Any, attrname: str) -> None:
        if attrname in self.COLUMNS:
            self.set_attribute(attrname, self.row[attrname])
            return
        # NOTE: _from_db_object(context, object, row): since before release
        # 20. Of old rows it writes what they lack into the database.
        whole = self.NOVA_CLASS._from_db_object(
            self._context, self.NOVA_CLASS(), self.row)
        for name in self.fields:
            if name in whole:
                self.set_attribute(name, getattr(whole, name))
        if not hasattr(self, objects_base.get_attrname(attrname)):
            self.NOVA_CLASS.obj_load_attr(self, attrname)

    def set_attribute(self: Any, name: str, value: Any) -> None:
        setattr(self, objects_base.get_attrname(name),
                self.fields[name].coerce(self, name, value))


class Node(_FromRow, compute_node.ComputeNode):  # type: ignore[misc]
    """A ComputeNode, made of its row of compute_nodes."""

    NOVA_CLASS = compute_node.ComputeNode

    COLUMNS = {
        'id': int, 'uuid': object, 'hypervisor_hostname': str,
        'hypervisor_type': str, 'hypervisor_version': int,
        'host_ip': object, 'vcpus': int, 'memory_mb': int, 'local_gb': int,
        'vcpus_used': int, 'memory_mb_used': int, 'local_gb_used': int,
        'free_ram_mb': int, 'free_disk_gb': int, 'current_workload': int,
        'running_vms': int, 'disk_available_least': int, 'cpu_info': str}

    def __init__(self, context: Any, row: Row) -> None:
        super().__init__(context, row)
        if row['host'] is not None:
            self.set_attribute('host', row['host'])

    def obj_attr_is_set(self, attrname: str) -> bool:
        if attrname == 'stats':
            return bool(self.row['stats'])
        return bool(super().obj_attr_is_set(attrname))

    def obj_load_attr(self, attrname: str) -> None:
        if attrname == 'stats' and self.row['stats']:
            self.set_attribute('stats', jsonutils.loads(self.row['stats']))
        else:
            super().obj_load_attr(attrname)


class Service(_FromRow, service.Service):  # type: ignore[misc]
    """A Service, made of its row of services."""

    NOVA_CLASS = service.Service

    COLUMNS = {
        'id': int, 'host': str, 'binary': str, 'topic': str,
        'report_count': int, 'disabled': bool, 'disabled_reason': str,
        'forced_down': bool, 'last_seen_up': object, 'created_at': object,
        'updated_at': object, 'deleted_at': object, 'deleted': object}

    def __init__(self, context: Any, row: Row) -> None:
        super().__init__(context, row)
        if row['uuid']:
            self.set_attribute('uuid', row['uuid'])

    def obj_attr_is_set(self, attrname: str) -> bool:
        return attrname in self.COLUMNS or bool(
            super().obj_attr_is_set(attrname))
