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

"""Lists of servers are stock Nova's on databases as clouds have them."""

import json

from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.integration import case

PROPERTIES = {
    'image_hw_disk_bus': 'virtio', 'image_os_type': 'linux',
    'imageXhw_disk_bus': 'no', 'IMAGE_os_type': 'no',
    'Image_hw_disk_bus': 'no', 'image_HW_DISK_BUS': 'no',
    'Locked_Reason': 'no'}

LIST = {'method': 'GET', 'token': 'admin',
        'path': '/v2.1/servers/detail?all_tenants=1'}


class ListsTestCase(case.DatabaseTestCase):

    hosts = ('compute1', 'Compute1', 'COMPUTE1', 'compute2', 'Compute2')

    def insert(self, model, *rows):
        with self.databases.engine.begin() as connection:
            connection.execute(model.__table__.insert(), rows)

    def service(self, host, id, deleted=0, **values):
        self.insert(models.Service, {
            'host': host, 'binary': 'nova-compute', 'topic': 'compute',
            'report_count': 1, 'last_seen_up': timeutils.utcnow(), 'id': id,
            'forced_down': False, 'disabled': False, 'deleted': deleted,
            **values})

    def test_same_as_stock_nova(self):
        # Where tables are as small as these, MariaDB joins by id.
        self.service('compute1', 1, disabled=True)
        self.service('compute1', 2, deleted=2, forced_down=True)
        self.service('Compute2', 3)
        for host in self.hosts:
            server_id = self.databases.create_server()
            with self.databases.engine.begin() as connection:
                connection.execute(models.Instance.__table__.update().where(
                    models.Instance.uuid == server_id).values(
                        host=host, image_ref='1'))
            self.insert(models.InstanceSystemMetadata, *(
                {'instance_uuid': server_id, 'key': key, 'value': value,
                 'deleted': 0} for key, value in PROPERTIES.items()))
        answers = []
        for pipelines in (case.STOCK, case.FILTER):
            worker, = self.start_workers(pipelines)
            answers.append([worker.ask({**LIST, 'microversion': version})[0]
                            for version in ('2.1', '2.16', '2.73', '2.98')])
            worker.stop()
        for stock, answer in zip(*answers, strict=True):
            self.assertEqual(200, stock['status'], stock['body'])
            expected = json.loads(stock['body'])['servers']
            self.assertEqual(len(self.hosts), len(expected))
            self.assertEqual(expected, [
                {key: server[key] for key in keys}
                for keys, server in zip(
                    expected, json.loads(answer['body'])['servers'],
                    strict=True)])


class PostgresqlTestCase(ListsTestCase):

    server = store_databases.POSTGRESQL
    charset = None
