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

"""Compute hosts that are rows in the databases, and nothing else."""

import datetime
import json
import uuid

import fixtures
from nova import context
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as main_db
from nova.db.main import models as main_models

UPTIME = ' 12:00:00 up 9 days,  2:31,  1 user,  load average: 0.1, 0.2, 0.3'

LONG_AGO = datetime.datetime(2026, 1, 1)

CPU_INFO = json.dumps({'arch': 'x86_64', 'features': ['sse', 'vmx']})


def execute(cloud, cell, statement, rows=None):
    """Execute a statement in a cell."""
    ctxt = context.get_admin_context()
    with context.target_cell(
            ctxt, cloud.services.cell_mappings[cell]) as target:
        with main_db.get_context_manager(target).writer.using(
                target) as session:
            # NOTE: SQLAlchemy 1.4 takes a None for a set of values.
            session.connection().execute(
                statement, *([] if rows is None else [rows]))


def insert(cloud, cell, model, rows):
    """Insert rows into a table of a cell."""
    execute(cloud, cell, model.__table__.insert(), rows)


def delete_node(cloud, cell, host):
    """Delete the nodes of a host, and its service."""
    for model in (main_models.ComputeNode, main_models.Service):
        table = model.__table__
        execute(cloud, cell, table.delete().where(table.c.host == host))
    table = api_models.HostMapping.__table__
    with api_db.context_manager.writer.using(
            context.get_admin_context()) as session:
        session.connection().execute(
            table.delete().where(table.c.host == host))


def service_of(host, **columns):
    now = datetime.datetime.utcnow()
    return {'uuid': str(uuid.uuid4()), 'host': host,
            'binary': 'nova-compute', 'topic': 'compute', 'report_count': 1,
            'disabled': False, 'disabled_reason': None, 'forced_down': False,
            'version': 66, 'created_at': now, 'last_seen_up': now,
            'deleted': 0, **columns}


def node_of(host, **columns):
    return {'uuid': str(uuid.uuid4()), 'host': host,
            'hypervisor_hostname': host, 'vcpus': 96, 'vcpus_used': 4,
            'memory_mb': 512000, 'memory_mb_used': 8192, 'local_gb': 2000,
            'local_gb_used': 20, 'free_ram_mb': 503808, 'free_disk_gb': 1980,
            'current_workload': 0, 'running_vms': 1,
            'disk_available_least': None, 'hypervisor_type': 'QEMU',
            'hypervisor_version': 8002000, 'cpu_info': CPU_INFO,
            'host_ip': 'fe80::1', 'supported_instances': '[]',
            'stats': json.dumps({'uptime': UPTIME}), 'deleted': 0, 'mapped': 1,
            'ram_allocation_ratio': 1.5, 'cpu_allocation_ratio': 16.0,
            'disk_allocation_ratio': 1.0, **columns}


def add(cloud, cell, names, service=(), node=()):
    """Add hosts with a service and a node each.

    :param service: columns of the services
    :param node: columns of the nodes
    """
    insert(cloud, cell, main_models.Service,
           [service_of(name, **dict(service)) for name in names])
    insert(cloud, cell, main_models.ComputeNode,
           [node_of(name, **dict(node)) for name in names])
    map_to(cloud, cell, names)


def add_nodes(cloud, cell, names, host):
    """Add further nodes of a host."""
    insert(cloud, cell, main_models.ComputeNode,
           [node_of(host, hypervisor_hostname=name) for name in names])


def map_to(cloud, cell, names):
    with api_db.context_manager.writer.using(
            context.get_admin_context()) as session:
        session.connection().execute(
            api_models.HostMapping.__table__.insert(),
            [{'host': name, 'cell_id': cloud.services.cell_mappings[cell].id}
             for name in names])


def update(cloud, cell, host, **columns):
    """Change the record of a host's nova-compute."""
    table = main_models.Service.__table__
    execute(cloud, cell,
            table.update().where(table.c.host == host).values(**columns))


def answer_for_all(test):
    """Have all hosts tell their uptime for the rest of a test."""
    test.useFixture(fixtures.MonkeyPatch(
        'nova.compute.rpcapi.ComputeAPI.get_host_uptime',
        lambda rpcapi, context, host: 'uptime of ' + host))
