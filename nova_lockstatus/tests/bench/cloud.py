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

"""Fills databases with the rows of a cloud, without its services."""

import datetime
import json
import uuid

from nova import context as nova_context
from nova import objects
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as main_db
from nova.db.main import models
from nova.network import model as network_model
from oslo_utils import timeutils

from nova_lockstatus.tests.bench import databases

LOCKED_EVERY = 10

FLAVORS = 5

AGGREGATES = 20

CHUNK = 1000
"""So many servers are in memory at once while they are added."""

HINTS_EVERY = 5
"""Of so many servers one was booted with a scheduler hint."""

HINTS = {'group': [str(uuid.uuid4())]}
"""Its hint."""

_SYSTEM_METADATA = {
    'boot_roles': 'member,reader', 'owner_user_name': 'owner',
    'owner_project_name': 'demo', 'image_base_image_ref': '',
    **{'image_' + key: 'value' for key in (
        'container_format', 'disk_format', 'min_disk', 'min_ram',
        'hw_disk_bus', 'hw_vif_model', 'hw_machine_type', 'hw_cdrom_bus',
        'hw_input_bus', 'hw_pointer_model', 'hw_video_model', 'os_distro',
        'os_version', 'os_type', 'architecture')}}

_CPU_INFO = json.dumps({
    'arch': 'x86_64', 'model': 'EPYC-Rome', 'vendor': 'AMD',
    'topology': {'cells': 2, 'sockets': 1, 'cores': 32, 'threads': 2},
    'features': ['feature%d' % number for number in range(80)]})

_ANY_SERVER = str(uuid.uuid4())

_TABLES = ((models.Instance, 'uuid'),
           (models.InstanceExtra, 'instance_uuid'),
           (models.InstanceInfoCache, 'instance_uuid'),
           (models.InstanceMetadata, 'instance_uuid'),
           (models.InstanceSystemMetadata, 'instance_uuid'))
"""Where an Instance is, in an order that foreign keys allow."""


class Cloud:
    """The rows of a cloud, to which servers can be added.

    :param cells: the mappings of the cells; the hosts are divided among them
        in turn
    :param hosts: the number of hosts
    :param projects: the number of projects that the servers belong to in turn
    """

    def __init__(self, cells, hosts, projects):
        self._cells = cells
        self._hosts = hosts
        self._projects = projects
        self.uuids = []
        """Those of the servers."""
        _create_flavors()
        _create_aggregates(hosts)
        for position, cell in enumerate(cells):
            in_cell = range(position, hosts, len(cells))
            _add_api_rows(api_models.HostMapping, [
                {'host': _host(number), 'cell_id': cell.id}
                for number in in_cell])
            with _targeted(cell) as context:
                _fill_hosts(context, in_cell)

    def grow(self, servers):
        """Add servers, divided among the hosts in turn.

        :param servers: how many there are then
        """
        while len(self.uuids) < servers:
            first = len(self.uuids)
            self.uuids += [str(uuid.uuid4())
                           for _ in range(min(CHUNK, servers - first))]
            added = [
                (number, self.uuids[number], _host(number % self._hosts),
                 _owner(number % self._projects))
                for number in range(first, len(self.uuids))]
            for position, cell in enumerate(self._cells):
                self._add(cell, [
                    server for server in added
                    if server[0] % self._hosts % len(self._cells) == position])

    def _add(self, cell, servers):
        _add_api_rows(api_models.InstanceMapping, [
            {'instance_uuid': server_id, 'cell_id': cell.id,
             'queued_for_delete': False, **owner}
            for _number, server_id, _host, owner in servers])
        _add_api_rows(api_models.RequestSpec, _request_specs(servers))
        with _targeted(cell) as context:
            _fill_servers(context, servers)


def _targeted(cell):
    return nova_context.target_cell(nova_context.get_admin_context(), cell)


def _fill_hosts(context, hosts):
    with main_db.get_engine(context=context).begin() as connection:
        _add(connection, models.Service,
             [_service(number) for number in hosts])
        _add(connection, models.ComputeNode,
             [_node(number) for number in hosts])


def _fill_servers(context, servers):
    template = _create_server(context)
    with main_db.get_engine(context=context).begin() as connection:
        rows = _take(connection, template)
        for model, column in _TABLES:
            _add(connection, model, [
                {**row, column: server_id,
                 **(_columns(number, host, owner)
                    if model is models.Instance else {})}
                for number, server_id, host, owner in servers
                for row in rows[model]])
        _add(connection, models.BlockDeviceMapping, [
            _volume(server_id) for _number, server_id, *_rest in servers])
        locked = [server for server in servers if is_locked(server[0])]
        _add(connection, models.InstanceSystemMetadata, [
            {'instance_uuid': server_id, 'key': 'locked_reason',
             'value': 'maintenance of rack %d' % number}
            for number, server_id, *_rest in locked])
        _add(connection, models.InstanceAction, [
            {'instance_uuid': server_id, 'action': 'lock',
             'request_id': 'req-%s' % uuid.uuid4(), **owner,
             'start_time': timeutils.utcnow()}
            for _number, server_id, _host, owner in locked])


def is_locked(number):
    """Tell whether a server is locked, by its number."""
    return number % LOCKED_EVERY == 0


def _host(number):
    return 'compute%05d' % number


def _owner(project):
    return {'project_id': '%032x' % (project + 1),
            'user_id': '%032x' % (0xa0000000 + project)}


def _service(number):
    seen = timeutils.utcnow()
    if number % 50 == 11:
        seen -= datetime.timedelta(seconds=2 * databases.DOWN_AFTER)
    disabled = number % 50 == 3
    return {'uuid': str(uuid.uuid4()), 'host': _host(number),
            'binary': 'nova-compute', 'topic': 'compute', 'report_count': 1,
            'disabled': disabled, 'forced_down': number % 50 == 7,
            'disabled_reason': 'new disks' if disabled else None,
            'last_seen_up': seen, 'version': objects.service.SERVICE_VERSION}


def _node(number):
    return {'uuid': str(uuid.uuid4()), 'host': _host(number),
            'hypervisor_hostname': _host(number) + '.example.org',
            'hypervisor_type': 'QEMU', 'hypervisor_version': 8002002,
            'host_ip': '10.%d.%d.%d' % (
                number >> 16, number >> 8 & 255, number & 255),
            'vcpus': 64, 'vcpus_used': 1, 'memory_mb': 524288,
            'memory_mb_used': 1024, 'local_gb': 2000, 'local_gb_used': 1,
            'free_ram_mb': 523264, 'free_disk_gb': 1999,
            'disk_available_least': 1990, 'current_workload': 0,
            'running_vms': 1, 'cpu_info': _CPU_INFO,
            'supported_instances': '[["x86_64", "kvm", "hvm"]]',
            'metrics': '[]', 'stats': '{"failed_builds": "0"}', 'mapped': 1,
            'cpu_allocation_ratio': 4.0, 'ram_allocation_ratio': 1.0,
            'disk_allocation_ratio': 1.0}


def _columns(number, host, owner):
    return {'host': host, 'launched_on': host, **owner,
            'node': host + '.example.org', 'locked': is_locked(number),
            'locked_by': 'admin' if is_locked(number) else None,
            'display_name': 'server%05d' % number,
            'hostname': 'server%05d' % number,
            'created_at': timeutils.utcnow()}


def _volume(server_id):
    return {'uuid': str(uuid.uuid4()), 'instance_uuid': server_id,
            'source_type': 'volume', 'destination_type': 'volume',
            'device_name': '/dev/vdb', 'volume_id': str(uuid.uuid4()),
            'volume_size': 1, 'connection_info': '{}', 'no_device': False}


def _create_flavors():
    for number in range(FLAVORS):
        objects.Flavor(
            nova_context.get_admin_context(), **_flavor(number)).create()


def _flavor(number):
    return {'name': 'm1.size%d' % number, 'memory_mb': 512 << number,
            'vcpus': 1 << number, 'root_gb': 1 << number, 'ephemeral_gb': 0,
            'flavorid': str(number + 1), 'swap': 0, 'rxtx_factor': 1.0,
            'vcpu_weight': 0, 'disabled': False, 'is_public': True,
            'description': None, 'extra_specs': {'hw:cpu_policy': 'shared'}}


def _create_aggregates(hosts):
    context = nova_context.get_admin_context()
    ids = []
    for number in range(AGGREGATES):
        aggregate = objects.Aggregate(
            context, name='rack%d' % number, metadata={'ssd': 'true'})
        aggregate.create()
        ids.append(aggregate.id)
    _add_api_rows(api_models.AggregateHost, [
        {'host': _host(number), 'aggregate_id': ids[number % AGGREGATES]}
        for number in range(hosts)])


def _request_specs(servers):
    """Make what Nova keeps of the request for each server."""
    hints = _request_spec(HINTS)
    no_hints = _request_spec({})
    return [{'instance_uuid': server_id,
             'spec': (no_hints if number % HINTS_EVERY else hints).replace(
                 _ANY_SERVER, server_id).replace(
                     _owner(0)['project_id'], owner['project_id']).replace(
                         _owner(0)['user_id'], owner['user_id'])}
            for number, server_id, _host, owner in servers]


def _request_spec(hints):
    spec = objects.RequestSpec(
        instance_uuid=_ANY_SERVER, num_instances=1, **_owner(0),
        flavor=objects.Flavor(id=1, **_flavor(0)), numa_topology=None,
        image=objects.ImageMeta(
            id=str(uuid.uuid4()), name='image', container_format='bare',
            disk_format='qcow2', min_disk=1, min_ram=512,
            properties=objects.ImageMetaProps(hw_disk_bus='virtio')),
        pci_requests=objects.InstancePCIRequests(
            requests=[], instance_uuid=_ANY_SERVER),
        security_groups=objects.SecurityGroupList(
            objects=[objects.SecurityGroup(name='default')]),
        limits=objects.SchedulerLimits(), availability_zone='nova',
        retry=None, ignore_hosts=None, force_hosts=None, force_nodes=None,
        instance_group=None, scheduler_hints=hints, is_bfv=False,
        requested_resources=[])
    return json.dumps(spec.obj_to_primitive())


def _create_server(context):
    # NOTE: since release 28.
    compute_id = ({'compute_id': 1}
                  if 'compute_id' in objects.Instance.fields else {})
    instance = objects.Instance(
        context, **_owner(0), uuid=str(uuid.uuid4()), vm_state='active',
        power_state=1, host='compute', node='compute', **compute_id,
        config_drive='', progress=0, image_ref=str(uuid.uuid4()),
        display_name='server', launch_index=0, key_name='key',
        availability_zone='nova', reservation_id='r-12345678',
        root_device_name='/dev/vda', auto_disk_config=True, locked=False,
        launched_at=timeutils.utcnow(with_timezone=True),
        flavor=objects.Flavor(id=1, **_flavor(0)),
        metadata={'role': 'db', 'tier': 'gold'},
        system_metadata=_SYSTEM_METADATA)
    instance.create()
    cache = objects.InstanceInfoCache.new(context, instance.uuid)
    cache.network_info = _network_info()
    cache.save()
    return instance.uuid


def _network_info():
    subnet = network_model.Subnet(
        cidr='192.0.2.0/24',
        ips=[network_model.FixedIP(address='192.0.2.7', version=4)])
    network = network_model.Network(
        id=str(uuid.uuid4()), bridge='br-int', label='private',
        subnets=[subnet])
    return network_model.NetworkInfo([network_model.VIF(
        id=str(uuid.uuid4()), address='fa:16:3e:00:00:07', network=network,
        type='ovs', devname='tap0', active=True)])


def _take(connection, server_id):
    rows = {}
    for model, column in reversed(_TABLES):
        table = model.__table__
        here = table.c[column] == server_id
        rows[model] = [
            {key: value for key, value in row.items() if key != 'id'}
            for row in connection.execute(
                table.select().where(here)).mappings()]
        connection.execute(table.delete().where(here))
    return rows


def _add(connection, model, rows):
    if rows:
        connection.execute(model.__table__.insert(), rows)


def _add_api_rows(model, rows):
    with api_db.get_engine().begin() as connection:
        _add(connection, model, rows)
