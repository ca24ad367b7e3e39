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

"""The rows give what Nova's own objects give, attribute by attribute."""

import datetime
import json
import uuid

import testtools
from nova import objects
from nova.db.main import models
from nova.objects import compute_node
from nova.objects import service

from nova_lockstatus.gateway import hypervisor_rows

WHEN = datetime.datetime(2026, 11, 21, 12, 0, 0)

NODE = {
    'id': 7, 'uuid': str(uuid.uuid4()), 'service_id': None, 'host': 'compute1',
    'hypervisor_hostname': 'node', 'hypervisor_type': 'QEMU',
    'hypervisor_version': 8002000, 'host_ip': 'FE80::0001', 'vcpus': 8,
    'vcpus_used': 2, 'memory_mb': 1024, 'memory_mb_used': 512, 'local_gb': 20,
    'local_gb_used': 1, 'free_ram_mb': 512, 'free_disk_gb': None,
    'current_workload': 0, 'running_vms': None, 'disk_available_least': -3,
    'cpu_info': '{}', 'stats': json.dumps({'uptime': 'up', 'x': None}),
    'supported_instances': json.dumps([['x86_64', 'kvm', 'hvm']]),
    'metrics': '[]', 'pci_stats': None, 'extra_resources': None,
    'numa_topology': None, 'ram_allocation_ratio': 1.5,
    'cpu_allocation_ratio': 16.0, 'disk_allocation_ratio': 1.0, 'mapped': 1,
    'created_at': WHEN, 'updated_at': None, 'deleted_at': None, 'deleted': 0}

SERVICE = {
    'id': 3, 'uuid': str(uuid.uuid4()), 'host': 'compute1',
    'binary': 'nova-compute', 'topic': 'compute', 'report_count': 5,
    'disabled': True, 'disabled_reason': 'why', 'last_seen_up': WHEN,
    'forced_down': False, 'version': 66, 'created_at': WHEN,
    'updated_at': None, 'deleted_at': None, 'deleted': 0}


class RowsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        objects.register_all()

    def assertSame(self, ours, novas, names):
        for name in names:
            self.assertEqual(name in novas, name in ours, name)
            if name in novas:
                found = getattr(ours, name)
                self.assertEqual(getattr(novas, name), found, name)
                self.assertIs(type(getattr(novas, name)), type(found), name)

    def both_nodes(self, **columns):
        row = {**NODE, **columns}
        return (hypervisor_rows.Node(None, row),
                compute_node.ComputeNode._from_db_object(
                    None, compute_node.ComputeNode(), row))

    def test_what_the_view_reads_of_a_node(self):
        for columns in ({}, {'stats': None}, {'stats': '{}'},
                        {'host_ip': None}):
            ours, novas = self.both_nodes(**columns)
            for name in (*hypervisor_rows.Node.COLUMNS, 'host'):
                self.assertEqual(getattr(novas, name), getattr(ours, name))
            self.assertEqual('stats' in novas, 'stats' in ours)
            if 'stats' in novas:
                self.assertEqual(novas.stats, ours.stats)

    def test_all_else_of_a_node(self):
        ours, novas = self.both_nodes()
        self.assertEqual('x86_64', ours.supported_hv_specs[0].arch)
        self.assertIsInstance(ours, compute_node.ComputeNode)
        for name in novas.fields:
            if name in novas and name != 'supported_hv_specs':
                self.assertEqual(getattr(novas, name), getattr(ours, name))

    def test_value_that_nova_refuses(self):
        ours = hypervisor_rows.Node(None, {**NODE, 'vcpus': None})
        self.assertRaises(ValueError, getattr, ours, 'vcpus')

    def test_service(self):
        for columns in ({}, {'last_seen_up': None, 'disabled_reason': None},
                        {'forced_down': True}):
            row = {**SERVICE, **columns}
            ours = hypervisor_rows.Service(None, row)
            novas = service.Service._from_db_object(
                None, service.Service(), row)
            self.assertSame(ours, novas, hypervisor_rows.Service.COLUMNS)
            self.assertSame(ours, novas, ('uuid',))
            self.assertEqual(66, ours.version)
            self.assertEqual(novas.get('last_seen_up'),
                             ours.get('last_seen_up'))

    def test_columns_are_novas(self):
        for ours, model in ((hypervisor_rows.Node, models.ComputeNode),
                            (hypervisor_rows.Service, models.Service)):
            self.assertLessEqual(set(ours.COLUMNS),
                                 set(model.__table__.columns.keys()))
            self.assertLessEqual(
                set(ours.COLUMNS), set(ours.NOVA_CLASS.fields))
