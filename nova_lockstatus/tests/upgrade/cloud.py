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

"""A cloud: its databases and files, which outlive the Nova that uses them."""

import pathlib
import shutil

import fixtures
import sqlalchemy

from nova_lockstatus.tests.fixtures import store_databases

CELLS = ('cell1', 'cell2')

_CONFIG = """\
[DEFAULT]
transport_url = fake:/
compute_driver = fake.LastingDriver
service_down_time = 3600
[database]
connection = %(main)s
[api_database]
connection = %(api)s
[wsgi]
api_paste_config = %(folder)s/api-paste.ini
[oslo_policy]
policy_file = %(folder)s/policy.yaml
[lockstatus]
connection = %(store)s
enabled_extensions = os-server-locked-status,os-server-host-status,\
os-hypervisor-status,os-server-state-lock
"""

_POLICY = """\
"os_compute_api:os-server-locked-status:locked_reason":
  "rule:project_reader_or_admin"
"os_compute_api:os-server-state-lock:bypass": "rule:context_is_admin"
"""


class Cloud(fixtures.Fixture):
    """Has empty databases and a nova.conf, until the test ends."""

    def _setUp(self):
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.paste = self.folder / 'api-paste.ini'
        self.config = self.folder / 'nova.conf'
        (self.folder / 'policy.yaml').write_text(_POLICY)
        # NOTE: with the character set of Nova's installation guide.
        self.urls = {kind: store_databases.create(
            self, store_databases.MARIADB, 'upgrade_' + kind, charset='utf8')
            for kind in ('api', 'cell0', *CELLS, 'store')}
        for path, main in ((self.config, 'cell0'), *(
                (self._config_of(cell), cell) for cell in CELLS)):
            path.write_text(_CONFIG % {
                'folder': self.folder,
                **{name: self.urls[kind].replace('$', '$$')
                   for name, kind in (('main', main), ('api', 'api'),
                                      ('store', 'store'))}})

    def _config_of(self, cell):
        return self.folder / (cell + '.conf')

    def install_paste(self, environment):
        """Have the paste file that a release ships.

        :param environment: with the release
        """
        shutil.copy(environment.paste, self.paste)

    def manage(self, environment, *commands, plugin=True):
        """Run nova-manage.

        :param environment: with the release
        :param commands: each as the arguments, after those that name the
            nova.conf: or after the name of the cell whose nova.conf counts
        :param plugin: whether the plugin is installed
        """
        environment.manage([
            ['--config-file', str(self._config_of(words[0])), *words[1:]]
            if words[0] in CELLS else
            ['--config-file', str(self.config), *words]
            for words in commands], plugin)

    def create_cells(self, environment):
        """Make the schemas of an empty cloud, and its cells.

        :param environment: with the release
        """
        self.manage(
            environment, ('api_db', 'sync'),
            ('cell_v2', 'map_cell0', '--database_connection',
             self.urls['cell0']),
            *(('cell_v2', 'create_cell', '--name', cell,
               '--database_connection', self.urls[cell],
               '--transport-url', 'fake://%s/' % cell) for cell in CELLS))
        self.sync(environment)

    def sync(self, environment):
        """Bring Nova's databases to what a release needs.

        :param environment: with the release
        """
        self.manage(
            environment, ('api_db', 'sync'), ('db', 'sync'),
            *((cell, 'db', 'sync', '--local_cell') for cell in CELLS))

    def migrate_data(self, environment, plugin=True):
        """Run Nova's online migrations of data.

        :param environment: with the release
        :param plugin: whether the plugin is installed
        """
        self.manage(environment, *(
            (cell, 'db', 'online_data_migrations') for cell in CELLS),
            plugin=plugin)

    def engine(self, name):
        """Open a database.

        :param name: of the databases of ``urls``
        :returns: the Engine
        """
        return sqlalchemy.create_engine(self.urls[name],
                                        poolclass=sqlalchemy.pool.NullPool)
