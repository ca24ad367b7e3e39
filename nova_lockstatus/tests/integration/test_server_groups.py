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

"""The server groups of the servers of a host, on a real database."""

import uuid

from nova import context as nova_context
from nova import objects
from nova.db.main import api as main_db
from nova.db.main import models

from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway import server_groups
from nova_lockstatus.tests.fixtures import server_group
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.integration import case


class MariaDBTestCase(case.DatabaseTestCase):

    def read(self, context, **kwargs):
        return {row.uuid: row.group for page in instances.InstanceReader(
            ).read(context, 'compute1', **kwargs) for row in page}

    def test_groups(self):
        near, far, alone, gone, other = (
            self.databases.create_server() for _ in range(5))
        with self.databases.engine.begin() as connection:
            connection.execute(models.Instance.__table__.update().where(
                models.Instance.uuid == far).values(host='compute2'))
        context = nova_context.get_admin_context()
        mapping = objects.InstanceMapping.get_by_instance_uuid(context, gone)
        mapping.queued_for_delete = True
        mapping.save()
        server_group.make([alone, other], policy='affinity')
        group = server_group.make([near, far, gone, str(uuid.uuid4())],
                                  policy='soft-anti-affinity')
        nova_context.set_target_cell(context, self.databases.cell)
        self.addCleanup(main_db.get_engine(context=context).dispose)
        expected = {near: server_groups.ServerGroup(group, 0, 2),
                    gone: server_groups.ServerGroup(group, 1, 3),
                    alone: None, other: None}
        self.assertEqual(expected, self.read(context))
        # Not the whole host, so that the others are read as well.
        first = next(instances.InstanceReader().read(context, 'compute1'))[0]
        found = self.read(context, last=first.id)
        self.assertEqual({server: expected[server] for server in expected
                          if server != first.uuid}, found)


class PostgreSQLTestCase(MariaDBTestCase):

    server = store_databases.POSTGRESQL

    charset = None
