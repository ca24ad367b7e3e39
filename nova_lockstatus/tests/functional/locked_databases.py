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

"""Databases of two cells in files, with locked servers in them."""

import contextlib
import datetime
import sqlite3
import uuid as uuids

from nova_lockstatus.tests.functional import empty_databases

CELLS = ('one', 'two')

CONFIG = empty_databases.CONFIG + """\
[DEFAULT]
# So that a service that has reported lately is up for the whole test.
service_down_time = 3600
"""

NOW = datetime.datetime.utcnow()


def ago(days):
    """Return a time as Nova stores it."""
    return str(NOW - datetime.timedelta(days=days))


class Databases:
    """Makes a nova.conf and databases with nothing in them, and fills them.

    :param folder: the directory
    """

    def __init__(self, folder):
        self.folder = folder
        self.config = folder + '/nova.conf'
        with open(self.config, 'w') as target:
            target.write(CONFIG % {'folder': folder, 'cell': CELLS[0]})
        empty_databases.copy_to(
            folder, {name: name + '.sqlite' for name in CELLS})

    @contextlib.contextmanager
    def open(self, database):
        path = '%s/%s.sqlite' % (self.folder, database)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            with connection:
                yield connection

    def insert(self, database, table, *rows):
        """Insert rows, each a dict with the same keys."""
        with self.open(database) as connection:
            connection.executemany(
                'INSERT INTO %s (%s) VALUES (%s)' % (
                    table, ', '.join(rows[0]),
                    ', '.join('?' * len(rows[0]))),
                [list(row.values()) for row in rows])

    def insert_server(self, database, uuid, **values):
        """Insert a server that is locked, if nothing else is said."""
        self.insert(database, 'instances', {
            'uuid': uuid, 'display_name': 'server', 'project_id': 'p1',
            'host': 'compute1', 'locked': 1, 'locked_by': 'admin',
            'deleted': 0, 'hidden': 0, **values})

    def insert_history(self, database, uuid, *actions):
        """Insert instance actions: name, user, days ago."""
        self.insert(database, 'instance_actions', *(
            {'instance_uuid': uuid, 'action': action, 'user_id': user,
             'start_time': ago(days), 'deleted': 0}
            for action, user, days in actions))

    def insert_metadata(self, database, uuid, **rows):
        """Insert system metadata."""
        self.insert(database, 'instance_system_metadata', *(
            {'instance_uuid': uuid, 'key': key, 'value': value, 'deleted': 0}
            for key, value in rows.items()))

    def insert_service(self, database, host, **values):
        """Insert a nova-compute that reports."""
        self.insert(database, 'services', {
            'host': host, 'binary': 'nova-compute', 'topic': 'compute',
            'report_count': 1, 'disabled': 0, 'forced_down': 0, 'version': 60,
            'deleted': 0, 'last_seen_up': ago(0), **values})

    def insert_cell(self, name, url):
        """Insert the mapping of a cell."""
        self.insert('api', 'cell_mappings', {
            'uuid': str(uuids.uuid4()), 'name': name, 'disabled': 0,
            'transport_url': 'fake:/', 'database_connection': url})

    def delete_cell(self, name):
        """Delete the mapping of a cell."""
        with self.open('api') as connection:
            connection.execute('DELETE FROM cell_mappings WHERE name = ?',
                               [name])
