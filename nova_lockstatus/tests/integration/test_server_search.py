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

"""Pages over two cells, in an order in which some servers have no value."""

import itertools
import json

import sqlalchemy

from nova_lockstatus.tests.integration import case


class PagesTestCase(case.DatabaseTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cells = (None, cls.databases.create_cell('cell2'))
        cls.servers = [cls.databases.create_server(cells[number % 2])
                       for number in range(6)]

    def setUp(self):
        super().setUp()
        self.worker, = self.start_workers(case.FILTER)
        for number, token in ((1, 'owner'), (2, 'owner'), (3, 'admin')):
            answer, = self.worker.ask(case.action(
                self.servers[number], token, {'lock': None}))
            self.assertEqual(202, answer['status'], answer)

    def pages(self, query):
        gathered = []
        # The list of a page that begins in the wrong place could be endless.
        while len(gathered) <= len(self.servers):
            path = '/v2.1/servers/detail' + query
            if gathered:
                path += '&marker=' + gathered[-1]
            answer, = self.worker.ask({'method': 'GET', 'path': path,
                                       'token': 'owner',
                                       'microversion': '2.1'})
            self.assertEqual(200, answer['status'], answer)
            page = [server['id']
                    for server in json.loads(answer['body'])['servers']]
            if not page:
                break
            gathered += page
        return gathered

    def assert_pages(self, key, *groups):
        order = [sorted(self.servers[number] for number in numbers)
                 for numbers in groups]
        for direction, expected in (('asc', order), ('desc', order[::-1])):
            for limit in (1, 2, 4):
                query = '?sort_key=%s&sort_dir=%s&limit=%d' % (
                    key, direction, limit)
                self.assertEqual(list(itertools.chain(*expected)),
                                 self.pages(query), query)

    def forget_lock(self, server_id):
        """Make a server of the first cell older than locks."""
        with self.databases.engine.begin() as connection:
            connection.execute(sqlalchemy.text(
                'UPDATE instances SET locked = NULL WHERE uuid = :uuid'),
                {'uuid': server_id})

    def test_nothing_is_lost_or_twice(self):
        self.assert_pages('locked_by', (0, 4, 5), (3,), (1, 2))
        self.assert_pages('locked', (0, 4, 5), (1, 2, 3))
        self.forget_lock(self.servers[0])
        self.assert_pages('locked', (0,), (4, 5), (1, 2, 3))
