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

"""Databases of Nova's on a real server, and servers in them."""

import os
import uuid

import fixtures
import sqlalchemy
from nova import config
from nova import context as nova_context
from nova import objects
from nova import rpc
from nova.conf import CONF
from nova.db import migration
from nova.db.api import api as api_db
from nova.db.main import api as main_db
from nova.db.main import models
from nova.network import model as network_model
from nova.network import security_group_api

from nova_lockstatus.embedded import identity as identities
from nova_lockstatus.tests.fixtures import store_databases

_CONFIG = """\
[DEFAULT]
transport_url = fake:/
[database]
connection = %s
max_pool_size = 20
[api_database]
connection = %s
"""


def configure(path):
    """Configure the Nova of this process.

    :param path: of a nova.conf
    """
    # NOTE: where osprofiler is installed, Nova wants its options, too.
    config.parse_args(['nova-api'], default_config_files=[path],
                      configure_db=False)
    objects.register_all()


class Databases(fixtures.Fixture):
    """Create the databases of a cell and of the API, and drop them.

    :param server: the URL of the server
    :param query: what the URLs have after the question mark
    """

    def __init__(self, server=store_databases.MARIADB, **query):
        super().__init__()
        self._server = server
        self._query = query

    def _setUp(self):
        urls = [self._create(kind) for kind in ('cell', 'api')]
        self.config = os.path.join(
            self.useFixture(fixtures.TempDir()).path, 'nova.conf')
        with open(self.config, 'w') as config:
            config.write(_CONFIG % tuple(urls))
        configure(self.config)
        # What is parsed once cannot be set up by an embedded Nova.
        self.addCleanup(CONF.clear)
        self.addCleanup(rpc.cleanup)
        # NOTE: Nova's own can be configured once in a process.
        for manager, url in zip(
                (main_db.context_manager, api_db.context_manager), urls):
            self.addCleanup(manager.patch_factory(
                main_db.create_context_manager(connection=url)))
        for database in ('main', 'api'):
            migration.db_sync(database=database)
        self.cell = self._map_cell('cell1', urls[0])
        self.engine = main_db.get_engine()
        self.addCleanup(self.engine.dispose)
        self.addCleanup(api_db.get_engine().dispose)

    def _create(self, kind):
        return store_databases.create(self, self._server, kind,
                                      **self._query)

    def _map_cell(self, name, url):
        cell = objects.CellMapping(
            nova_context.get_admin_context(), uuid=str(uuid.uuid4()),
            name=name, database_connection=url, transport_url='fake:/')
        cell.create()
        return cell

    def create_cell(self, name):
        """Create a further cell, before a worker reads which there are.

        :param name: its name
        :returns: its CellMapping
        """
        cell = self._map_cell(name, self._create('cell'))
        with nova_context.target_cell(
                nova_context.get_admin_context(), cell) as context:
            self.addCleanup(main_db.get_engine(context=context).dispose)
            migration.db_sync(database='main', context=context)
        return cell

    def convert_reasons(self, charset):
        """Convert the column of the reasons, as an operator may have done.

        :param charset: its character set, and if need be its collation
        """
        with self.engine.begin() as connection:
            connection.execute(sqlalchemy.text(
                'ALTER TABLE instance_system_metadata '
                'MODIFY value VARCHAR(255) CHARACTER SET ' + charset))

    def create_server(self, cell=None):
        """Create a server of the owner's, as if it had been booted.

        :param cell: the CellMapping of its cell, None for the first one
        :returns: its uuid
        """
        owner = identities.OWNER
        context = nova_context.RequestContext(owner.user_id, owner.project_id)
        if cell is not None:
            nova_context.set_target_cell(context, cell)
        flavor = objects.Flavor(
            id=1, name='m1.tiny', memory_mb=1, vcpus=1, root_gb=0,
            ephemeral_gb=0, flavorid='1', swap=0, rxtx_factor=1.0,
            vcpu_weight=0, disabled=False, is_public=True, description=None,
            extra_specs={})
        instance = objects.Instance(
            context, user_id=owner.user_id, project_id=owner.project_id,
            uuid=str(uuid.uuid4()), vm_state='active', power_state=1,
            host='compute1', node='compute1', compute_id=1,
            config_drive='', progress=0,
            image_ref='', display_name='db', launch_index=0, flavor=flavor,
            system_metadata={'boot_roles': 'member'}, locked=False)
        instance.create()
        cache = objects.InstanceInfoCache.new(context, instance.uuid)
        cache.network_info = network_model.NetworkInfo()
        cache.save()
        objects.InstanceMapping(
            context, instance_uuid=instance.uuid,
            cell_mapping=cell or self.cell,
            project_id=owner.project_id, user_id=owner.user_id,
            queued_for_delete=False).create()
        return instance.uuid

    def lock_rows(self, server_id):
        """Read what is stored of a server's lock.

        :param server_id: the uuid
        :returns: the columns locked and locked_by, and the system metadata
            that says why, as pairs of key and value
        """
        instances = models.Instance.__table__
        rows = models.InstanceSystemMetadata.__table__
        with self.engine.connect() as connection:
            columns = connection.execute(
                sqlalchemy.select(instances.c.locked, instances.c.locked_by)
                .where(instances.c.uuid == server_id)).one()
            reasons = connection.execute(
                sqlalchemy.select(rows.c.key, rows.c.value)
                .where(rows.c.instance_uuid == server_id,
                       rows.c.key != 'boot_roles')
                .order_by(rows.c.id)).all()
        return (*columns, [tuple(row) for row in reasons])

    def actions(self, server_id):
        """Read the instance actions of a server.

        :param server_id: the uuid
        :returns: pairs of action and request id, oldest first
        """
        table = models.InstanceAction.__table__
        with self.engine.connect() as connection:
            return connection.execute(
                sqlalchemy.select(table.c.action, table.c.request_id)
                .where(table.c.instance_uuid == server_id)
                .order_by(table.c.id)).all()


def without_neutron():
    """Have Nova show servers where there is no Neutron to ask."""
    security_group_api.get_instances_security_groups_bindings = (
        lambda context, servers, detailed=False: {})
