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

"""A list of 3,000 servers makes one statement more, as one of 100 does."""

import uuid

import fixtures
from nova import context
from nova.db.api import api as api_db
from nova.db.main import api as main_db

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.server_rows import API_TABLES
from nova_lockstatus.tests.fixtures.server_rows import CELL_TABLES
from nova_lockstatus.tests.fixtures.server_rows import copy_server


class ManyServersTestCase(base.NoHeartbeatsTestCase):

    options = {'config': {('api', 'max_limit'): 1500}}

    def copy(self, server_id, count):
        new_ids = [str(uuid.uuid4()) for _ in range(count)]
        ctxt = context.get_admin_context()
        with context.target_cell(
                ctxt, self.nova.services.cell_mappings['cell1']) as cell:
            with main_db.get_context_manager(cell).writer.using(
                    cell) as session:
                copy_server(session, CELL_TABLES, server_id, new_ids)
        with api_db.context_manager.writer.using(ctxt) as session:
            copy_server(session, API_TABLES, server_id, new_ids)

    def more(self, app, count):
        """Return how many statements the list makes that stock Nova's not."""
        counts = []
        for application in (self.nova.app, app):
            with base.statements() as executed:
                answer = base.ask(application, 'GET', '/v2.1/servers/detail',
                                  'owner')
            counts.append(len(executed))
            self.assertEqual(count, len(answer.json['servers']))
            reasons = {server.get('locked_reason')
                       for server in answer.json['servers']}
            self.assertEqual({None if application is app else 'why'}, reasons)
        return counts[0] - counts[1]

    def test_statements_do_not_grow(self):
        # However slow the machine is.
        self.useFixture(fixtures.MonkeyPatch('nova.context.CELL_TIMEOUT', 600))
        stock = base.load_app(pipelines=())
        server_id = self.nova.boot_server('db')
        self.lock(server_id, reason='why')
        self.copy(server_id, 99)
        self.detail()
        self.assertEqual(1, self.more(stock, 100))
        self.copy(server_id, 1400)
        self.assertEqual(1, self.more(stock, 1500))
