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

"""The names of hosts, as MariaDB compares them."""

import uuid

import fixtures
import testtools
from nova import context as nova_context
from nova import objects
from nova.conf import CONF
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as main_db
from oslo_messaging import conffixture

from nova_lockstatus.gateway import hypervisor_hosts
from nova_lockstatus.tests.fixtures import store_databases


class NamesTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        problem = store_databases.unreachable(store_databases.MARIADB)
        if problem:
            self.skipTest(problem)
        objects.register_all()
        # Of which a CellMapping reads an option.
        self.useFixture(conffixture.ConfFixture(CONF))
        # Nova remembers there which cells a process has read.
        self.useFixture(fixtures.MonkeyPatch('nova.compute.api.CELLS', []))
        self.url = store_databases.create(
            self, store_databases.MARIADB, 'api', charset='utf8')
        self.context = nova_context.get_admin_context()

    def connect(self, dialect):
        """Have Nova name its database as an operator may have done."""
        manager = main_db.create_context_manager(
            connection=self.url.replace('mysql', dialect, 1))
        self.addCleanup(api_db.context_manager.patch_factory(manager))
        engine = manager.writer.get_engine()
        self.addCleanup(engine.dispose)
        return engine

    def test_case_does_not_count(self):
        tables = [model.__table__ for model in (
            api_models.CellMapping, api_models.HostMapping)]
        engine = self.connect('mysql')
        api_models.BASE.metadata.create_all(engine, tables)
        cell = objects.CellMapping(
            self.context, uuid=str(uuid.uuid4()),
            name='cell1', database_connection='sqlite://',
            transport_url='fake:/')
        cell.create()
        objects.HostMapping(self.context, host='Compute1',
                            cell_mapping=cell).create()
        node = objects.ComputeNode(host='compute1')
        for dialect in ('mysql', 'mariadb'):
            self.connect(dialect)
            hosts = hypervisor_hosts.Hosts(self.context, [node])
            self.assertTrue(hosts.is_mapped('compute1'), dialect)
