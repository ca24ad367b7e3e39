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

"""Filters and orders by the lock, over two cells on a real server."""

import itertools
import json
import urllib.parse

import sqlalchemy

from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.integration import case

MATCHING = {
    'own': (1, 2), '^owner$': (1, 2), 'admin': (3,), 'ADMIN': (3,),
    '\\u0041': (3,), 'a{1,65536}': (3,), '(?i)ADMIN': (3,),
    'admin|owner': (1, 2, 3), '[^x]': (1, 2, 3),
    '\\w+': (1, 2, 3), '(?:own)er': (1, 2)}

MATCH_NOTHING = ('[[:foo:]]', '(?u:x)', '[[.x.]]', '\U0001f512', 'bob',
                 '\\u0042', '\0', "'", '%', '_', '\xe9')

NONE = ('*', '(', '[[:foo:', '\\')


class LockedServersTestCase(case.DatabaseTestCase):
    """Six servers in two cells; some are locked."""

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

    def list(self, query, token='owner', microversion='2.1', api='/v2.1'):
        return self.worker.ask({
            'method': 'GET', 'path': '%s/servers/detail%s' % (api, query),
            'token': token, 'microversion': microversion})[0]

    def pages(self, query):
        gathered = []
        # The list of a page that begins in the wrong place could be endless.
        while len(gathered) <= len(self.servers):
            answer = self.list(query + (
                '&marker=' + gathered[-1] if gathered else ''))
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

    def ask(self, expression):
        query = '?locked_by=' + urllib.parse.quote(expression)
        for api, token, microversion in itertools.product(
                ('/v2', '/v2.1'), ('owner', 'admin'), ('2.1', 'latest')):
            every = '&all_tenants=1' if token == 'admin' else ''
            yield self.list(query + every, token, microversion, api)

    def test_servers_are_found(self):
        for expression, numbers in MATCHING.items():
            for answer in self.ask(expression):
                self.assertEqual(200, answer['status'], (expression, answer))
                self.assertEqual(
                    sorted(self.servers[number] for number in numbers),
                    sorted(server['id'] for server in json.loads(
                        answer['body'])['servers']), expression)

    def test_nothing_can_be_found(self):
        for expression in MATCH_NOTHING:
            for answer in self.ask(expression):
                self.assertEqual(400, answer['status'], (expression, answer))
                self.assertIn("matches none of ['owner', 'admin']",
                              answer['body'])

    def test_no_expression(self):
        for expression in NONE:
            for answer in self.ask(expression):
                self.assertEqual(400, answer['status'], (expression, answer))
                self.assertIn("is not a 'regex'", answer['body'])

    def test_many_groups(self):
        for answer in self.ask('(' * 300 + 'own' + ')' * 300):
            self.assertEqual(400, answer['status'], answer)


class PostgresqlTestCase(LockedServersTestCase):

    server = store_databases.POSTGRESQL
    charset = None
