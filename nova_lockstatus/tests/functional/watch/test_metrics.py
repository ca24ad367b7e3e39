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
from unittest import mock

import fixtures
from nova.conf import CONF

from nova_lockstatus.cli import watch
from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import metrics
from nova_lockstatus.tests.fixtures import watch_process_case
from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.tests.fixtures.host_status_case import HOSTS
from nova_lockstatus.tests.fixtures.metrics_case import MetricsTestCase
from nova_lockstatus.tests.fixtures.metrics_case import Watch

REASON = 'unpaid invoice 4711'


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
        scrape = self.scrape()
        self.assertEqual(1, scrape.value('announcements_owed'))
        self.assertAlmostEqual(time.time(), scrape.value(
            'oldest_announcement_timestamp_seconds', sink='notifications'),
            delta=60)
        goes_on.set()
        outbox.wait(60)
        self.process.run('announcements')
        scrape = self.scrape()
        self.assertEqual(0, scrape.value('announcements_owed'))
        self.assertIsNone(scrape.value(
            'oldest_announcement_timestamp_seconds', sink='notifications'))

    def test_the_oldest_that_waits_by_sink(self):
        for age, sink in ((70, 'webhook:a'), (300, 'webhook:a'),
                          (40, 'webhook:b')):
            self.fill(sink, ['compute%d' % age], age=age)
        with base.statements() as executed:
            for _ in range(3):
                self.process.run('announcements')
        # Not with each poll, of which there are two in a second.
        self.assertEqual(1, sum('min(' in one for one in executed), executed)
        oldest = self.scrape().values('oldest_announcement_timestamp_seconds',
                                      'sink')
        self.assertEqual({('webhook:a',), ('webhook:b',)}, set(oldest))
        for sink, age in (('a', 300), ('b', 40)):
            self.assertAlmostEqual(time.time() - age,
                                   oldest['webhook:' + sink,], delta=30)

    def test_nobody_reads_the_oldest_without_metrics(self):
        self.fill('webhook:a', ['compute1'])
        with base.statements() as executed:
            self.watch.announced.run(self.watch.stop)
        self.assertNotEqual([], executed)
        self.assertEqual([], [one for one in executed if 'min(' in one])

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
                          'locks', 'lock ends', 'expired locks',
                          'sign of life', 'announcements',
                          'host status', 'limits of the outbox'], names)


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
