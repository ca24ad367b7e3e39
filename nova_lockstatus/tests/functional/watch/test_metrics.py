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

"""What Prometheus gets to see of a cloud."""

import contextlib
import os
import pathlib
import signal
import socket
import sys
import threading
import time
from typing import Any
from unittest import mock

import fixtures
from nova import exception as nova_exception
from nova.conf import CONF
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.cli import watch
from nova_lockstatus.embedded import identity
from nova_lockstatus.embedded import nova_fixture
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures import metrics
from nova_lockstatus.tests.fixtures import watch_process_case
from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.tests.fixtures.host_status_case import HOSTS
from nova_lockstatus.tests.fixtures.outbox_case import OutboxTestCase

REASON = 'unpaid invoice 4711'


class Watch:
    """The duties of a nova-lockstatus-watch, as its program makes them."""

    def __init__(self, test):
        self.port = metrics.free_port()
        test.configure('lockstatus', metrics_port=self.port)
        self.stop = threading.Event()
        self.tasks: dict[str, Any] = {
            task.name: task for task in watch._make_tasks(CONF)}
        test.addCleanup(self.tasks['metrics'].end)

    def run(self, *names):
        for name in names:
            self.tasks[name].run(self.stop)

    def scrape(self):
        return metrics.Scrape(self.port)


class MetricsTestCase(OutboxTestCase):
    """Two hosts with a server each in each of two cells."""

    def setUp(self):
        super().setUp()
        self.process = Watch(self)

    def scrape(self, *names):
        self.process.run('metrics', *names)
        return self.process.scrape()

    def look(self):
        """See and announce what has become of hosts."""
        self.process.run('announcements', 'host status', 'announcements')
        outbox = self.process.tasks['announcements'].publisher
        self.assertTrue(outbox.wait(60))
        self.process.run('announcements')


class CountsTestCase(MetricsTestCase):

    def servers(self, scrape):
        return scrape.values('servers', 'cell', 'host_status')

    def locked(self, scrape):
        return scrape.values('locked_servers', 'cell', 'locked_by')

    def test_servers_by_the_status_of_their_host(self):
        self.assertEqual({('cell1', 'UP'): 2, ('cell2', 'UP'): 2},
                         self.servers(self.scrape()))
        self.boot('more', host='compute1')
        self.put('compute1', forced_down=True)
        self.silence('compute2')
        self.set_service('compute3', disabled=True)
        scrape = self.scrape()
        self.assertEqual(
            {('cell1', 'DOWN'): 2, ('cell1', 'MAINTENANCE'): 1,
             ('cell2', 'UNKNOWN'): 1, ('cell2', 'UP'): 1},
            self.servers(scrape))
        # What is none is a number, too.
        self.assertEqual(0, scrape.value('servers', cell='cell2',
                                         host_status='DOWN'))

    def test_host_without_a_compute_service(self):
        def delete_service(deleted):
            many_hosts.execute(
                self.nova, 'cell1', models.Service.__table__.update().where(
                    models.Service.host == 'compute1').values(
                        deleted=deleted))

        self.addCleanup(delete_service, 0)
        delete_service(1)
        self.assertEqual(
            {('cell1', 'UP'): 1, ('cell1', 'none'): 1, ('cell2', 'UP'): 2},
            self.servers(self.scrape()))

    def test_locked_servers_by_who_holds_the_lock(self):
        locked = {}
        for host, token in zip(HOSTS, ('owner', 'admin', 'admin', 'admin')):
            server_id = self.boot('locked', host=host)
            self.lock(server_id, token, REASON)
            locked[host] = server_id
        scrape = self.scrape()
        self.assertEqual(
            {('cell1', 'owner'): 1, ('cell1', 'admin'): 1,
             ('cell2', 'admin'): 2}, self.locked(scrape))
        self.assertEqual(0, scrape.value('locked_servers', cell='cell2',
                                         locked_by='owner'))
        self.delete(locked['compute2'])
        self.nova.request('POST', '/v2.1/servers/%s/action'
                          % locked['compute4'], 'admin', {'unlock': None})
        scrape = self.scrape()
        self.assertEqual({('cell1', 'owner'): 1, ('cell1', 'admin'): 1},
                         self.locked(scrape))
        self.assertEqual({('cell1', 'UP'): 4, ('cell2', 'UP'): 3},
                         self.servers(scrape))

    def test_half_of_a_resize_over_cells_is_not_counted(self):
        server_id = self.boot('moving', host='compute1')

        def hide(hidden):
            many_hosts.execute(
                self.nova, 'cell1', models.Instance.__table__.update().where(
                    models.Instance.uuid == server_id).values(hidden=hidden))

        self.addCleanup(hide, False)
        hide(True)
        self.assertEqual(2, self.servers(self.scrape())[('cell1', 'UP')])

    def test_server_that_could_not_be_scheduled(self):
        self.addCleanup(self.delete, self.unscheduled())
        self.assertEqual(1, self.servers(self.scrape())[('cell0', 'none')])

    def unscheduled(self):
        flavor = self.nova.request('POST', '/v2.1/flavors', 'admin', {
            # A random id may come before that of the flavor that other tests
            # take, which is the first.
            'flavor': {'name': 'huge', 'id': 'huge', 'ram': 512, 'vcpus': 1,
                       'disk': 10 ** 6}})
        self.assertEqual(200, flavor.status_code, flavor.text)
        server = self.nova.request('POST', '/v2.1/servers', 'admin', {
            'server': {'name': 'huge', 'networks': 'none',
                       'imageRef': nova_fixture.IMAGE,
                       'flavorRef': flavor.json['flavor']['id']}}, '2.74')
        self.assertEqual(202, server.status_code, server.text)
        server_id = server.json['server']['id']
        deadline = time.monotonic() + 30
        while self.show(server_id, 'admin')['status'] != 'ERROR':
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        return server_id

    def test_statements(self):
        """As many for any number of servers."""
        self.scrape()
        executed = []
        for copy in range(2):
            with base.statements() as each:
                self.process.run('metrics')
            executed.append(each)
            for number in range(2):
                server_id = self.boot('s%d-%d' % (copy, number),
                                      host='compute1')
                self.lock(server_id, 'admin')
        with base.statements() as last:
            self.process.run('metrics')
        cells = len(self.nova.services.cell_mappings)
        # And the list of the cells.
        for each in (*executed, last):
            self.assertEqual(1 + 2 * cells, len(each), each)
        self.assertEqual(cells, sum('GROUP BY' in one for one in last))
        with base.statements() as each:
            self.process.scrape()
        self.assertEqual([], each)

    @contextlib.contextmanager
    def away(self, cell):
        get_context_manager = db.get_context_manager
        uuid = self.nova.services.cell_mappings[cell].uuid

        def fail(context):
            if context.cell_uuid == uuid:
                raise nova_exception.CellTimeout()
            return get_context_manager(context)

        with fixtures.MonkeyPatch('nova.db.main.api.get_context_manager',
                                  fail):
            yield

    def test_cell_that_is_away_is_left_out(self):
        before = self.scrape()
        self.assertEqual({'cell1', 'cell2'},
                         {cell for cell, _ in self.servers(before)})
        with self.away('cell2'):
            scrape = self.scrape()
        self.assertEqual({('cell1', 'UP'): 2}, self.servers(scrape))
        self.assertIsNone(scrape.value('servers', cell='cell2',
                                       host_status='UP'))
        self.assertIsNone(scrape.value('locked_servers', cell='cell2',
                                       locked_by='owner'))

        def looked(scrape, cell):
            return scrape.value('last_look_timestamp_seconds',
                                duty='metrics', cell=cell)

        # When it was seen last is what tells that it is away.
        self.assertEqual(looked(before, 'cell2'), looked(scrape, 'cell2'))
        self.assertGreater(looked(scrape, 'cell1'), looked(before, 'cell1'))
        self.assertEqual({('cell1', 'UP'): 2, ('cell2', 'UP'): 2},
                         self.servers(self.scrape()))

    def test_cell_that_does_not_answer_is_left_out(self):
        """The thread of its last count hangs: no failure is seen."""
        self.scrape()
        now = time.monotonic
        for later, cells in ((170, 2), (190, 0)):
            with fixtures.MonkeyPatch('time.monotonic',
                                      lambda later=later: now() + later):
                scrape = self.process.scrape()
            self.assertEqual(cells, len(self.servers(scrape)))


class AnnouncementsTestCase(MetricsTestCase):

    def test_announcements(self):
        self.look()
        scrape = self.scrape()
        self.assertEqual({}, scrape.values('announcements_total', 'outcome'))
        for outcome in ('sent', 'failed'):
            self.assertEqual(0, scrape.value(
                'announcements_total', sink='notifications', outcome=outcome))
        self.assertEqual(0, scrape.value('announcements_owed'))
        self.boot('more', host='compute2')
        self.silence('compute2')
        self.look()
        scrape = self.scrape()
        self.assertEqual({('notifications', 'sent'): 2}, scrape.values(
            'announcements_total', 'sink', 'outcome'))
        self.assertEqual({('UP', 'UNKNOWN'): 1}, scrape.values(
            'host_changes_total', 'from', 'to'))
        self.assertEqual(1, scrape.value('fan_out_seconds_count'))
        self.assertEqual(1, scrape.value('fan_out_seconds_bucket', le='60.0'))
        self.assertGreater(scrape.value('fan_out_seconds_sum'), 0)

    def test_one_that_cannot_be_sent(self):
        self.look()

        def fail(*args):
            raise ValueError('no message of that')

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.notifications.objects.host_status.HostStatusPayloads.of',
            fail))
        self.silence('compute2')
        self.look()
        self.assertEqual(
            {('notifications', 'failed'): 1},
            self.scrape().values('announcements_total', 'sink', 'outcome'))

    def test_what_is_owed(self):
        self.look()
        outbox = self.process.tasks['announcements'].publisher
        goes_on = threading.Event()
        self.addCleanup(goes_on.set)

        def wait(*args):
            goes_on.wait(60)

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.notifications.objects.host_status.HostStatusPayloads.of',
            wait))
        self.silence('compute2')
        self.process.run('host status', 'announcements')
        self.assertEqual(1, self.scrape().value('announcements_owed'))
        goes_on.set()
        outbox.wait(60)
        self.process.run('announcements')
        self.assertEqual(0, self.scrape().value('announcements_owed'))

    def test_store_that_cannot_be_read(self):
        self.look()
        pathlib.Path(CONF.lockstatus.connection.removeprefix(
            'sqlite:///')).unlink()
        self.process.run('announcements')
        self.assertIsNone(self.scrape().value('announcements_owed'))

    def test_last_look(self):
        began = time.time()
        self.look()
        looks = self.scrape().values('last_look_timestamp_seconds', 'duty',
                                     'cell')
        self.assertEqual(
            {('host status', 'cell1'), ('host status', 'cell2'),
             ('metrics', 'cell0'), ('metrics', 'cell1'),
             ('metrics', 'cell2')}, set(looks))
        for moment in looks.values():
            self.assertTrue(began <= moment <= time.time(), looks)

    def test_nothing_of_one_server_or_host(self):
        self.look()
        server_id = self.boot('payroll-7', host='compute1')
        self.lock(server_id, 'admin', REASON)
        for host in HOSTS:
            self.silence(host)
        self.look()
        text = self.scrape().text
        self.assertIn('host_status="UNKNOWN"', text)
        servers = self.detail('admin', query='?all_tenants=1')
        self.assertEqual(5, len(servers))
        for secret in (
                *servers, *(one['name'] for one in servers.values()), *HOSTS,
                'compute1', CONF.host, REASON, '4711', 'payroll',
                *(who.project_id for who in identity.IDENTITIES.values()),
                *(who.user_id for who in identity.IDENTITIES.values()),
                *(cell.uuid for cell in
                  self.nova.services.cell_mappings.values())):
            self.assertNotIn(secret, text)


class OffTestCase(MetricsTestCase):

    def test_no_duty_and_no_statement_by_default(self):
        self.configure('lockstatus', metrics_port=0)
        with mock.patch.dict(sys.modules, prometheus_client=None):
            names = [task.name for task in watch._make_tasks(CONF)]
        self.assertEqual(['guard', 'guard probe', 'lock reasons',
                          'sign of life', 'announcements', 'host status',
                          'limits of the outbox'], names)


class GuardMetricsTestCase(GuardTestCase):

    def setUp(self):
        super().setUp()
        self.process = Watch(self)

    def counted(self):
        self.process.run('metrics')
        return self.process.scrape().values('guard_actions_total', 'action',
                                            'outcome')

    def test_what_the_guard_does(self):
        self.assertEqual({}, self.counted())
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.configure('lockstatus', guard='report')
        self.look(self.process.tasks['guard'])
        self.assertEqual({('suspend', 'found'): 1}, self.counted())
        self.configure('lockstatus', guard='enforce')
        self.look(self.process.tasks['guard'])
        self.assertEqual({('suspend', 'found'): 1, ('suspend', 'acted'): 1},
                         self.counted())
        looks = self.process.scrape().values('last_look_timestamp_seconds',
                                             'duty', 'cell')
        self.assertIn(('guard', 'cell1'), looks)


class ProcessTestCase(watch_process_case.ProcessTestCase):

    def setUp(self):
        super().setUp()
        self.port = metrics.free_port()
        with open(self.config, 'a') as config:
            config.write('metrics_port = %d\n' % self.port)

    def test_serves_until_it_is_stopped(self):
        self.make_databases()
        self.insert_host()
        self.insert_server()
        process = self.start()
        self.wait_for('The server')
        deadline = time.monotonic() + 60
        while True:
            scrape = metrics.Scrape(self.port)
            if scrape.value('locked_servers', cell='cell1',
                            locked_by='admin') is not None:
                break
            self.assertLess(time.monotonic(), deadline, scrape.text)
            time.sleep(0.1)
        self.assertEqual(1, scrape.value('servers', cell='cell1',
                                         host_status='UP'))
        self.assertEqual(1, scrape.value('locked_servers', cell='cell1',
                                         locked_by='admin'))
        self.assertEqual(1, scrape.value('guard_actions_total',
                                         action='suspend', outcome='found'))
        process.send_signal(signal.SIGHUP)
        self.wait_for('nova-lockstatus-watch is running', times=2)
        self.wait_until_served()
        self.stop(process)
        self.assertRaises(ConnectionRefusedError, metrics.fetch, self.port)
        self.assertNotIn('Traceback', self.log.read_text())

    def wait_until_served(self):
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                metrics.fetch(self.port)
                return
            self.assertLess(time.monotonic(), deadline, self.log.read_text())
            time.sleep(0.1)

    def assert_does_not_start(self, *words):
        self.assertEqual(1, self.start().wait(60), self.log.read_text())
        lines = [line for line in self.log.read_text().splitlines()
                 if ' ERROR ' in line]
        self.assertEqual(1, len(lines), self.log.read_text())
        for word in words:
            self.assertIn(word, lines[0])
        self.assertNotIn('Traceback', self.log.read_text())

    def test_port_that_is_in_use(self):
        with socket.create_server(('127.0.0.1', self.port)):
            self.assert_does_not_start('[lockstatus]metrics_bind',
                                       str(self.port), 'in use')

    def test_library_that_is_missing(self):
        folder = self.useFixture(fixtures.TempDir()).path
        with open(folder + '/prometheus_client.py', 'w') as module:
            module.write('raise ImportError("no such library")\n')
        self.useFixture(fixtures.EnvironmentVariable(
            'PYTHONPATH', os.pathsep.join(
                filter(None, (folder, os.environ.get('PYTHONPATH'))))))
        self.assert_does_not_start('prometheus_client', 'no such library',
                                   'nova-lockstatus[metrics]')
