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

"""Databases of a Nova that is to be measured, on a server or in files."""

import os
import uuid

import fixtures
import sqlalchemy
from nova import context as nova_context
from nova import objects
from nova import rpc
from nova.conf import CONF
from nova.db import migration
from nova.db.api import api as api_db
from nova.db.main import api as main_db

from nova_lockstatus.tests.integration import database

VARIABLE = 'NOVA_LOCKSTATUS_TEST_DATABASE'
"""Names the database server, here as in the integration tests."""

_CONFIG = """\
[DEFAULT]
transport_url = fake:/
service_down_time = %(down_after)d
[api]
max_limit = %(max_limit)d
response_validation = warn
[database]
connection = %(cell0)s
max_pool_size = 20
[api_database]
connection = %(api)s
"""

DOWN_AFTER = 24 * 60 * 60
"""Seconds after which a service that does not report counts as down: rows
report once, when they are made."""


class Databases(fixtures.Fixture):
    """Create the databases of the API, cell0 and cells, and drop them.

    Configures the Nova of this process, so there can be one in each.

    :param url: of the database server, or None for SQLite
    :param cells: the number of cells, beside cell0
    :param max_limit: how many items a list may have
    """

    def __init__(self, url, cells, max_limit):
        super().__init__()
        self._url = url
        self._max_limit = max_limit
        self._names = ['cell0', *('cell%d' % (number + 1)
                                  for number in range(cells))]

    def setUp(self):
        """Create them, and raise what went wrong as it is, not wrapped."""
        try:
            super().setUp()
        except fixtures.MultipleExceptions as error:
            raise error.args[0][1] from None

    def _setUp(self):
        self._folder = self.useFixture(fixtures.TempDir()).path
        create = self._create if self._url else self._create_file
        if self._url:
            self._server = sqlalchemy.create_engine(
                self._url, isolation_level='AUTOCOMMIT')
            self.addCleanup(self._server.dispose)
        urls = {name: create(name) for name in ('api', *self._names)}
        self.config = os.path.join(self._folder, 'nova.conf')
        with open(self.config, 'w') as config:
            config.write(_CONFIG % {
                'max_limit': self._max_limit, 'down_after': DOWN_AFTER,
                'api': urls['api'].replace('$', '$$'),
                'cell0': urls['cell0'].replace('$', '$$')})
        database.configure(self.config)
        self.addCleanup(rpc.cleanup)
        main_db.configure(CONF)
        api_db.configure(CONF)
        migration.db_sync(database='api')
        self.addCleanup(api_db.get_engine().dispose)
        self.cells = [self._create_cell(name, urls[name])
                      for name in self._names][1:]
        with api_db.get_engine().connect() as connection:
            info = connection.dialect.server_version_info
            name = connection.dialect.name
            if getattr(connection.dialect, 'is_mariadb', False):
                name = 'mariadb'
        self.engine = '%s %s' % (name, '.'.join(str(part) for part in info))

    def _create_cell(self, name, url):
        context = nova_context.get_admin_context()
        cell = objects.CellMapping(
            context, name=name, transport_url='fake:/',
            uuid=(objects.CellMapping.CELL0_UUID if name == 'cell0'
                  else str(uuid.uuid4())),
            database_connection=url)
        cell.create()
        with nova_context.target_cell(context, cell) as targeted:
            migration.db_sync(database='main', context=targeted)
            self.addCleanup(main_db.get_engine(context=targeted).dispose)
        return cell

    def _create_file(self, kind):
        return 'sqlite:///' + os.path.join(self._folder, kind + '.sqlite')

    def _create(self, kind):
        name = 'nova_lockstatus_bench_%s_%s' % (kind, uuid.uuid4().hex[:12])
        self._execute('CREATE DATABASE %s' % name)
        self.addCleanup(self._execute, 'DROP DATABASE %s' % name)
        # NOTE: as in Nova's installation guide.
        url = sqlalchemy.make_url(self._url).set(
            database=name, query={'charset': 'utf8'})
        return url.render_as_string(hide_password=False)

    def _execute(self, statement):
        with self._server.connect() as connection:
            connection.execute(sqlalchemy.text(statement))
