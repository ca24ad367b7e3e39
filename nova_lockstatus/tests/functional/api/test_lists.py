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

"""Lists of servers are stock Nova's, but for the keys of the plugin."""

import itertools
import json
import re
import time

import fixtures
from nova.db.main import models
from nova.tests import fixtures as nova_fixtures
from oslo_utils import timeutils

from nova_lockstatus.core import lock_reason
from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import strict_case

VERSIONS = ('2.1', '2.16', '2.72', '2.73', '2.97', '2.98',
            '2.%d' % strict_case.NEWEST)

# Nova takes the first service in the index of host, binary and deleted.
FIRST, MANY = -1000, 1000

# System metadata that Nova shows as properties of the image from 2.98 on, or
# does not.
PROPERTIES = {
    'image_hw_disk_bus': 'virtio', 'image_os_type': 'linux',
    'image_architecture': 'arm', 'image_os_distro': None,
    'image_hw_boot_menu': '', 'image_hw_cdrom_bus': '\u00e9',
    'imageXhw_disk_bus': 'no', 'image%hw_disk_bus': 'no',
    'IMAGE_os_type': 'no', 'Image_hw_disk_bus': 'no', 'image_': 'no',
    'image_HW_DISK_BUS': 'no', 'image_no_such_thing': 'no',
    'Locked_Reason': 'no', 'LOCKED_REASON': None}

SINCE = 'changes-since=2000-01-01T00:00:00Z'
BEFORE = 'changes-before=2100-01-01T00:00:00Z'

OWNERS = ('', '?limit=2&sort_key=display_name&sort_dir=asc', '?' + SINCE)

ADMINS = tuple('?all_tenants=1' + query for query in (
    '', '&' + BEFORE, '&deleted=True', '&host=compute1',
    '&limit=1&sort_key=display_name&sort_dir=desc'))

# Nova's clock says it of a server that is not in a cell yet.
UPDATED = re.compile('"updated": "[^"]*"')


def is_replaced(server, key):
    """Tell whether the plugin shows another value than Nova on purpose."""
    return key == 'host_status' or (
        key == 'locked_reason' and not server['locked'])


class ListsTestCase(strict_case.StrictTestCase):
    """Servers whose rows Nova reads otherwise than one might think."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.locked, cls.deleted = (
            cls.nova.boot_server(name, host='compute1')
            for name in ('locked', 'deleted'))
        cls.unlocked = cls.nova.boot_server('unlocked', host='compute2')
        cls.nowhere = cls.nova.boot_server('nowhere', host='compute3')
        cls.moved = cls.nova.boot_server('host of two cells', host='compute4')
        for server_id in (cls.locked, cls.deleted):
            cls.nova.request('POST', '/v2.1/servers/%s/action' % server_id,
                             'owner', {'lock': {'locked_reason': 'why'}},
                             '2.73')
        path = '/v2.1/servers/' + cls.deleted
        cls.nova.request('DELETE', path, 'admin')
        while cls.nova.request('GET', path, 'admin').status_code != 404:
            time.sleep(0.05)
        with fixtures.MonkeyPatch(
                'nova.conductor.api.ComputeTaskAPI.'
                'schedule_and_build_instances', lambda *args, **kwargs: None):
            cls.nova.boot_server('not scheduled', wait=False)
        cls.add_rows()

    @classmethod
    def add_rows(cls):
        case = cls('test_every_microversion')
        service = {'binary': 'nova-compute', 'topic': 'compute',
                   'last_seen_up': timeutils.utcnow()}
        with case.cell_of('compute1') as session:
            for server_id in (cls.locked, cls.deleted):
                session.add_all(models.InstanceSystemMetadata(
                    instance_uuid=server_id, key=key, value=value,
                    deleted=server_id == cls.deleted)
                    for key, value in PROPERTIES.items())
            cls.set_host(session, cls.nowhere, None)
        with case.cell_of('compute2') as session:
            session.add(models.InstanceSystemMetadata(
                instance_uuid=cls.unlocked, key=lock_reason.KEY,
                value='left behind'))
            session.add(models.Service(id=FIRST, host='compute1',
                                       forced_down=True, **service))
            session.add(models.Service(id=FIRST + 1, host='compute2',
                                       disabled=True, deleted=MANY, **service))
            cls.set_host(session, cls.moved, 'compute1')

    @staticmethod
    def set_host(session, server_id, host):
        session.query(models.Instance).filter_by(
            uuid=server_id).update({'host': host})

    def ask(self, app, path, caller, version):
        answer = app.request('GET', path, caller, None, version)
        return answer.status_code, UPDATED.sub('"updated": ""', answer.text)

    def compare(self, query, caller, version):
        """Compare a list with stock Nova's, byte for byte.

        :returns: how many servers are in it
        """
        strict = getattr(strict_case, caller)
        path = '%s/servers/detail%s' % (
            '/v2.1' if version else '/v2/' + strict.project_id, query)
        status, text = stock = self.ask(self.stock, path, strict, version)
        message = path, caller, version
        self.assertEqual(stock, self.ask(self.nova, path, strict, version),
                         message)
        lenient = self.ask(self.nova, path, getattr(identity, caller), version)
        self.assertEqual(status, lenient[0], message)
        if status != 200:
            self.assertEqual(text, lenient[1], message)
            return 0
        stock, lenient = json.loads(text), json.loads(lenient[1])
        for expected, server in itertools.zip_longest(
                stock['servers'], lenient['servers']):
            for key in list(server):
                if key not in expected:
                    del server[key]
                elif is_replaced(server, key):
                    server[key] = expected[key]
        self.assertEqual(text, json.dumps(lenient), message)
        return len(stock['servers'])

    def compare_all(self, versions):
        """Compare lists for a member and for an administrator."""
        return [self.compare(query, caller, version)
                for caller, queries in (('OWNER', OWNERS), ('ADMIN', ADMINS))
                for query in queries for version in versions]

    def test_every_microversion(self):
        found = self.compare_all((*VERSIONS, None))
        # Each but for the deleted one, the same two of a page, and it, too.
        self.assertEqual({1, 2, 5, 6}, set(found))

    def test_batches(self):
        """Nova reads a cell more than once."""
        for size in (1, 2):
            self.useFixture(fixtures.MonkeyPatch(
                'nova.compute.instance_list.'
                'get_instance_list_cells_batch_size',
                lambda limit, cells, size=size: size))
            self.compare_all(('2.98',))

    def test_cell_that_is_down(self):
        cell = self.nova.services.cell_mappings['cell2']
        for skips in (True, False):
            self.configure('api', list_records_by_skipping_down_cells=skips)
            with nova_fixtures.DownCellFixture([cell]):
                for query, caller in (('', 'OWNER'), (ADMINS[0], 'ADMIN')):
                    for version in ('2.1', '2.16', '2.73', '2.98'):
                        self.compare(query, caller, version)
