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

"""Nova's databases in files of SQLite, migrated once in a process of tests."""

import atexit
import contextlib
import functools
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

CONFIG = """\
[DEFAULT]
transport_url = fake:/
[database]
connection = sqlite:///%(folder)s/%(cell)s.sqlite
[api_database]
connection = sqlite:///%(folder)s/api.sqlite
"""
"""A nova.conf, for a folder and the name of the file of a cell."""


@functools.cache
def _made():
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    # Nova's configuration is global: not in the process of the tests.
    subprocess.run([sys.executable, '-W', 'ignore', '-m', __name__,
                    folder.name], check=True, stderr=subprocess.DEVNULL)
    return folder.name


def copy_to(folder, cells):
    """Have databases in a folder: ``api.sqlite``, and one for each cell.

    :param folder: the folder
    :param cells: the names of the cells' files by the names of their mappings
    """
    api = os.path.join(folder, 'api.sqlite')
    shutil.copy(os.path.join(_made(), 'api.sqlite'), api)
    with contextlib.closing(sqlite3.connect(api)) as database, database:
        for number, (name, file) in enumerate(cells.items(), 1):
            path = os.path.join(folder, file)
            shutil.copy(os.path.join(_made(), 'main.sqlite'), path)
            database.execute(
                'INSERT INTO cell_mappings (uuid, name, disabled, '
                'transport_url, database_connection) '
                "VALUES (?, ?, 0, 'fake:/', ?)", (
                    '9168b536-cd40-4630-b43f-%012d' % number, name,
                    'sqlite:///' + path))


def main(folder):
    """Make the databases that are copied.

    :param folder: where
    """
    os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
    from nova import config
    from nova.db import migration
    path = os.path.join(folder, 'nova.conf')
    with open(path, 'w') as target:
        target.write(CONFIG % {'folder': folder, 'cell': 'main'})
    config.parse_args(['nova-manage', '--config-file', path])
    for database in ('main', 'api'):
        migration.db_sync(database=database)


if __name__ == '__main__':
    main(*sys.argv[1:])
