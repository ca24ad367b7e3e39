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

"""Makes Nova's databases and cells, as nova-manage does.

It is nova-manage's own work, in one process: most of the time that a
nova-manage takes it imports Nova.
"""

import json
import os
import sys

os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'

# NOTE: it forbids eventlet, and so comes before what may import it.
from nova.cmd import manage  # isort:skip
from nova import config
from nova import context as nova_context
from nova import objects
from nova.db import migration


def main(path, cell0, cells):
    """Make them.

    :param path: of the nova.conf of those who know all cells
    :param cell0: the URL of the database of cell0
    :param cells: a JSON object with the database's and the message broker's
        URL of each further cell
    """
    config.parse_args(['nova-manage', '--config-file', path])
    objects.register_all()
    manage.ApiDbCommands().sync()
    commands = manage.CellV2Commands()
    commands.map_cell0(database_connection=cell0)
    manage.DbCommands().sync()
    for name, (database, transport) in json.loads(cells).items():
        if commands.create_cell(name, database, transport):
            sys.exit('There is no cell ' + name)
    context = nova_context.get_admin_context()
    for cell in objects.CellMappingList.get_all(context):
        if not cell.is_cell0():
            with nova_context.target_cell(context, cell) as targeted:
                migration.db_sync(database='main', context=targeted)


if __name__ == '__main__':
    main(*sys.argv[1:])
