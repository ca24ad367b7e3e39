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

"""The lock of servers that are not just running, and of cells that fail."""

import time

import fixtures
from nova.tests import fixtures as nova_fixtures
from oslo_serialization import jsonutils
from sqlalchemy import engine
from sqlalchemy import event
from sqlalchemy import exc

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import hanging_cell


class ServersTestCase(base.NovaTestCase):
    """Servers that are not just running."""

    options = {'cells': 2, 'hosts': ('compute1', 'compute2')}

    def boot(self, **kwargs):
        server_id = self.nova.boot_server('db', **kwargs)
        self.addCleanup(self.nova.request, 'DELETE',
                        '/v2.1/servers/' + server_id, 'admin')
        return server_id

    def test_deleted(self):
        locked, unlocked, never = [self.boot() for _ in range(3)]
        for server_id in (locked, unlocked):
            self.lock(server_id, reason='why')
        self.nova.request('POST', '/v2.1/servers/%s/action' % unlocked,
                          'owner', {'unlock': None})
        for server_id in (locked, unlocked, never):
            self.nova.request('DELETE', '/v2.1/servers/' + server_id, 'admin')
        query = '?deleted=True&all_tenants=1'
        while {locked, unlocked, never} - set(self.detail('admin',
                                                          query=query)):
            time.sleep(0.05)
        for version in ('2.1', '2.9', '2.72'):
            servers = self.detail('admin', version, query)
            self.assertEqual('DELETED', servers[locked]['status'])
            self.assertEqual({'locked': True, 'locked_by': 'owner',
                              'locked_reason': 'why'},
                             base.lock_of(servers[locked]))
            self.assertEqual(base.UNLOCKED, base.lock_of(servers[unlocked]))
            self.assertEqual(base.UNLOCKED, base.lock_of(servers[never]))

    def test_not_scheduled_yet(self):
        # Without an answer of the conductor only a build request exists.
        self.useFixture(fixtures.MonkeyPatch(
            'nova.conductor.api.ComputeTaskAPI.'
            'schedule_and_build_instances', lambda *args, **kwargs: None))
        server_id = self.boot(wait=False)
        for version in ('2.1', '2.9', '2.73', 'latest'):
            for server in (self.show(server_id, microversion=version),
                           self.detail(microversion=version)[server_id]):
                self.assertEqual('BUILD', server['status'])
                self.assertEqual(base.UNLOCKED, base.lock_of(server))

    def test_relocked_without_the_old_reason(self):
        server_id = self.boot()
        self.lock(server_id, reason='why')
        self.nova.request('POST', '/v2.1/servers/%s/action' % server_id,
                          'owner', {'unlock': None})
        self.lock(server_id)
        expected = {'locked': True, 'locked_by': 'owner',
                    'locked_reason': None}
        for version in ('2.1', '2.73'):
            self.assertEqual(expected, base.lock_of(
                self.show(server_id, microversion=version)))
            self.assertEqual(expected, base.lock_of(
                self.detail(microversion=version)[server_id]))

    def test_cell_that_is_down(self):
        down = self.boot(host='compute2')
        up = self.boot(host='compute1')
        for server_id in (down, up):
            self.lock(server_id, reason='why')
        mapping = self.nova.services.cell_mappings['cell2']
        with nova_fixtures.DownCellFixture([mapping]):
            # From 2.98 on stock Nova's schema refuses its own answer here.
            for version in ('2.69', '2.73', '2.90'):
                server = self.show(down, microversion=version)
                self.assertEqual('UNKNOWN', server['status'])
                self.assertEqual({}, base.lock_of(server))
                servers = self.detail(microversion=version)
                self.assertEqual({}, base.lock_of(servers[down]))
                self.assertEqual('why', servers[up]['locked_reason'])
            for version in ('2.1', '2.68'):
                servers = self.detail(microversion=version)
                self.assertEqual([up], list(servers))
                self.assertEqual('why', servers[up]['locked_reason'])

    def test_system_metadata_cannot_be_read(self):
        server_id = self.boot()
        self.lock(server_id, reason='why')

        def fail(connection, cursor, statement, *args):
            if statement.startswith('SELECT instance_system_metadata.id, '):
                raise exc.OperationalError(statement, {}, Exception('gone'))

        event.listen(engine.Engine, 'before_cursor_execute', fail)
        self.addCleanup(event.remove, engine.Engine, 'before_cursor_execute',
                        fail)
        for _ in range(2):
            server = self.detail()[server_id]
            self.assertEqual({'locked': True, 'locked_by': 'owner'},
                             base.lock_of(server))
        self.assertEqual(
            1, self.nova.log.count("The field 'locked_reason' of the"))
        self.assertIn('gone', self.nova.log)

    def test_reason_comes_back_as_sent(self):
        server_id = self.boot()
        for reason in ('"\\/\x7f\u2028', 'ü' * 255, '\U0001f512' * 255,
                       ' ', '\ud800'):
            self.nova.request('POST', '/v2.1/servers/%s/action' % server_id,
                              'owner', {'unlock': None})
            answer = self.nova.request(
                'POST', '/v2.1/servers/%s/action' % server_id, 'owner',
                {'lock': {'locked_reason': reason}}, '2.73')
            if answer.status_code != 202:
                # Stock Nova refuses what its database cannot store.
                continue
            for version in ('2.1', '2.73'):
                self.assertEqual(reason, self.show(
                    server_id, microversion=version)['locked_reason'])
                self.assertEqual(reason, self.detail(
                    microversion=version)[server_id]['locked_reason'])
        jsonutils.dumps(self.show(server_id))


class HangingCellTestCase(base.NovaTestCase):
    """The database of a cell takes what is asked and does not answer."""

    options = {'cells': 2, 'hosts': ('compute1', 'compute2')}

    def test_cell_that_hangs(self):
        hangs = self.nova.boot_server('db', host='compute2')
        answers = self.nova.boot_server('db', host='compute1')
        for server_id in (hangs, answers):
            self.lock(server_id, reason='why')
        cell = self.useFixture(hanging_cell.HangingCell(
            self.nova, 'cell2', 'FROM instance_system_metadata'))
        self.useFixture(fixtures.MonkeyPatch('nova.context.CELL_TIMEOUT', 1))
        start = time.monotonic()
        servers = self.detail()
        took = time.monotonic() - start
        self.assertEqual(1, cell.hanging)
        self.assertGreaterEqual(took, 1)
        # The cell hangs for 30 seconds.
        self.assertLess(took, 25)
        self.assertEqual({'locked': True, 'locked_by': 'owner'},
                         base.lock_of(servers[hangs]))
        self.assertEqual('why', servers[answers]['locked_reason'])
        self.assertIn('Timed out waiting for response from cell',
                      self.nova.log)
