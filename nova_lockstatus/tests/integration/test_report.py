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

"""nova-lockstatus report over two cells on a real server, and one that is not.
"""

import datetime
import json
import pathlib
import subprocess
import sys

from nova import context as nova_context
from nova import objects
from nova.db.main import models

from nova_lockstatus.core import server_lock
from nova_lockstatus.tests.integration import case

PROGRAM = pathlib.Path(sys.executable).with_name('nova-lockstatus')

AWAY = 'mysql+pymysql://root@127.0.0.1:1/nova'

REASON = 'unpaid \U0001f4b8 4711'


class ReportTestCase(case.DatabaseTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        second = cls.databases.create_cell('cell2')
        cls.servers = [cls.databases.create_server(cell)
                       for cell in (None, second, second)]

    def setUp(self):
        super().setUp()
        self.worker, = self.start_workers(case.FILTER)
        for number, token, body in (
                (0, 'owner', {'lock': {'locked_reason': 'mine'}}),
                (0, 'admin', {'unlock': None}),
                (0, 'admin', {'lock': {'locked_reason': REASON}}),
                (1, 'owner', {'lock': None})):
            answer, = self.worker.ask(case.action(
                self.servers[number], token, body))
            self.assertEqual(202, answer['status'], answer)

    def report(self, *arguments):
        done = subprocess.run(
            [PROGRAM, 'report', '--config-file', self.databases.config, '-f',
             'json', *arguments], capture_output=True, text=True, timeout=120)
        return done.returncode, {
            server['id']: server for server in json.loads(done.stdout)
        }, done.stderr

    def test_what_was_locked_through_the_api(self):
        self.relock(self.servers[0], 150)
        self.copy_history(self.servers[0])
        code, found, problems = self.report()
        self.assertEqual((0, ''), (code, problems))
        self.assertEqual(set(self.servers[:2]), set(found))
        first, second = (found[uuid] for uuid in self.servers[:2])
        self.assertEqual(
            (server_lock.ADMIN, REASON, 'cell1', ''),
            tuple(first[key] for key in ('locked_by', 'locked_reason', 'cell',
                                         'host_status')))
        self.assertEqual(
            (server_lock.OWNER, None, 'cell2'),
            tuple(second[key] for key in ('locked_by', 'locked_reason',
                                          'cell')))
        self.assertEqual('again', first['locked_by_user_id'])
        self.assertRegex(first['locked_at'], 'T.*Z$')
        for server in first, second:
            shown = self.show(server['id'])
            for key in ('locked_by', 'locked_reason', 'locked_at',
                        'locked_by_user_id'):
                self.assertEqual(server[key], shown[key])

    def show(self, server_id):
        answer, = self.worker.ask({
            'method': 'GET', 'path': '/v2.1/servers/' + server_id,
            'token': 'admin', 'microversion': '2.1'})
        return json.loads(answer['body'])['server']

    def relock(self, server_id, times):
        """Record that a server was locked again, each time a day later."""
        now = datetime.datetime.utcnow()
        with self.databases.engine.begin() as connection:
            connection.execute(models.InstanceAction.__table__.insert(), [
                {'instance_uuid': server_id, 'action': 'lock',
                 'user_id': 'again', 'deleted': 0,
                 'start_time': now + datetime.timedelta(days=number)}
                for number in range(1, times + 1)])

    def copy_history(self, server_id):
        """Copy the actions as Nova does into another cell: newest first."""
        table = models.InstanceAction.__table__
        of_server = table.c.instance_uuid == server_id
        with self.databases.engine.begin() as connection:
            rows = [dict(row, id=None) for row in connection.execute(
                table.select().where(of_server).order_by(
                    table.c.created_at.desc(), table.c.id.desc())).mappings()]
            # Those of one second would be back to front.
            for number, row in enumerate(reversed(rows)):
                row['created_at'] += datetime.timedelta(seconds=number)
            connection.execute(models.InstanceActionEvent.__table__.delete())
            connection.execute(table.delete().where(of_server))
            connection.execute(table.insert(), rows)

    def test_server_that_is_not_there(self):
        cell = objects.CellMapping(
            nova_context.get_admin_context(), name='away',
            uuid='9168b536-cd40-4630-b43f-b259807c6e87',
            transport_url='fake:/',
            database_connection=AWAY)
        cell.create()
        self.addCleanup(cell.destroy)
        code, found, problems = self.report('--cell-timeout', '3')
        self.assertEqual(1, code)
        self.assertEqual(set(self.servers[:2]), set(found))
        self.assertEqual(
            'The report lacks servers of the cell away (%s), which cannot be '
            'read: There was no answer for 3 seconds.\n' % cell.uuid,
            problems)

    def test_api_database_that_is_not_there(self):
        config = pathlib.Path(self.databases.config)
        text = config.read_text()
        self.addCleanup(config.write_text, text)
        config.write_text(text.partition('[api_database]')[0]
                          + '[api_database]\nconnection = %s\n' % AWAY)
        done = subprocess.run(
            [PROGRAM, 'report', '--config-file', str(config),
             '--cell-timeout', '3'], capture_output=True, text=True,
            timeout=120)
        self.assertEqual(
            (1, '', 'The cells cannot be read from the database that '
             '[api_database]connection names: There was no answer for 3 '
             'seconds.\n'), (done.returncode, done.stdout, done.stderr))
