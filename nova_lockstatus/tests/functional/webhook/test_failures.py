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

"""A webhook that fails is retried, and delays no other."""

import datetime
import threading
import time
from unittest import mock

import fixtures
import prometheus_client
from nova.conf import CONF

from nova_lockstatus import exception
from nova_lockstatus.conf import webhooks as options
from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import sinks
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import hanging_cell
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fixtures.webhook_case import PROJECTS
from nova_lockstatus.tests.fixtures.webhook_case import WebhooksTestCase
from nova_lockstatus.watch import prometheus_metrics
from nova_lockstatus.watch import service


class FailuresTestCase(WebhooksTestCase):

    def test_dead_one_does_not_delay_another(self):
        """In the watch itself, where each has its thread."""
        self.servers['acme'].goes_on.clear()
        self.set(options.group('acme'), timeout=60)
        watch = service.Watch([self.webhook(name) for name in PROJECTS])
        watch.start()
        self.addCleanup(watch.stop)
        self.put('compute1', forced_down=True)
        self.put('compute1', forced_down=False)
        self.assertTrue(self.servers['acme'].wait_for(1))
        self.assertTrue(self.servers['other'].wait_for(2))
        self.assertEqual(1, len(self.servers['acme'].requests))
        self.servers['acme'].goes_on.set()
        self.assertTrue(self.servers['acme'].wait_for(2))
        for name, server in (('acme', 's1'), ('other', 'o1')):
            self.assertEqual(
                [(server, 'UP', 'DOWN'), (server, 'DOWN', 'UP')],
                self.events(name))

    def test_tried_again(self):
        acme = self.servers['acme']
        acme.answers = [(500, {}), (429, {}), (503, {})]
        self.put('compute1', forced_down=True)
        registry = prometheus_client.CollectorRegistry()
        task = self.webhook(
            'acme', metrics=prometheus_metrics.Prometheus(registry))
        self.run_until_delivered(task, 'acme')
        self.assertEqual([('s1', 'UP', 'DOWN')] * 4, self.events('acme'))
        self.assertEqual([3, 1], [registry.get_sample_value(
            'nova_lockstatus_announcements_total',
            {'sink': 'webhook:acme', 'outcome': outcome})
            for outcome in ('failed', 'sent')])
        self.assertEqual(1, len({event['id'] for event in acme.events()}))
        failed = 'Events for the webhook acme cannot be delivered: '
        self.assertEqual(1, self.count_logged(
            failed + 'WebhookNotTaken: The event was answered with the '
            'status 500.'))
        self.assertIn(failed + 'works again.', self.nova.log)

    def test_nothing_is_posted_in_a_pause(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.webhook.retry_delays.QUICK_SECONDS', 60))
        self.servers['acme'].answers = [(500, {})]
        for host in ('compute1', 'compute2'):
            self.put(host, forced_down=True)
        task = self.webhook('acme')
        for _ in range(3):
            task.run(self.watch.stop)
        self.assertEqual(1, len(self.servers['acme'].requests))
        # Nor by another process, what has just failed.
        self.deliver('acme')
        self.assertEqual(['s1', 's2'],
                         [event[0] for event in self.events('acme')])

    def test_retry_after(self):
        now, clock = time.monotonic(), [0]
        self.servers['acme'].answers = [(429, {'Retry-After': '120'})]
        self.put('compute1', forced_down=True)
        task = self.webhook('acme')
        task.run(self.watch.stop)
        with mock.patch('time.monotonic', lambda: now + clock[0]):
            clock[0] = 119
            self.assertFalse(task._delivery.pause.is_over)
            clock[0] = 125
            self.assertTrue(task._delivery.pause.is_over)
        self.assertEqual(1, self.waits('acme'))
        # Neither does another process.
        self.deliver('acme')
        self.assertEqual(1, len(self.servers['acme'].requests))

    def test_refused_is_given_up(self):
        self.boot('more', host='compute1')
        self.reset()
        for status in (400, 403, 404, 302):
            self.servers['acme'].answers = [(status, {
                'Location': self.servers['other'].url()})]
            self.put('compute1', forced_down=True)
            self.deliver('acme')
            self.assertEqual(
                [('s1', 'UP', 'DOWN'), ('more', 'UP', 'DOWN')],
                self.events('acme')[-2:])
            self.assertEqual(0, self.waits('acme'))
            self.assertIn('it answered with the status %d: ' % status,
                          self.nova.log)
            self.put('compute1', forced_down=False)
            self.deliver('acme')
        self.assertEqual(16, len(self.events('acme')))
        self.assertEqual([], self.servers['other'].requests)

    def test_event_that_is_never_taken_does_not_hold_up_other_hosts(self):
        self.servers['acme'].answers = [(500, {})]
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.webhook.retry_delays.QUICK_SECONDS', 1))
        self.put('compute1', forced_down=True)
        self.put('compute2', forced_down=True)
        task = self.webhook('acme')
        deadline = time.monotonic() + 30
        while len(self.servers['acme'].requests) < 2:
            self.assertLess(time.monotonic(), deadline)
            task.run(self.watch.stop)
            time.sleep(0.02)
        self.assertEqual(['s1', 's2'],
                         [event[0] for event in self.events('acme')])

    def test_a_process_has_died_in_the_middle(self):
        for number in range(3):
            self.boot('more%d' % number, host='compute1')
        self.reset()
        self.put('compute1', forced_down=True)
        note, noted = outbox_lease.checkpoint, []

        class Killed(BaseException):
            pass

        def die(store, owner, entry, last_server):
            note(store, owner, entry, last_server)
            noted.append(last_server)
            if len(noted) == 2:
                raise Killed

        with mock.patch.object(outbox_lease, 'checkpoint', die):
            self.assertRaises(Killed, self.deliver, 'acme')
        self.assertEqual(['s1', 'more0'],
                         [event[0] for event in self.events('acme')])
        self.deliver('acme')
        self.assertEqual(2, len(self.events('acme')))
        with self.later(outbox_lease.LEASE_SECONDS + 1):
            self.deliver('acme')
        self.assertEqual(['s1', 'more0', 'more1', 'more2'],
                         [event[0] for event in self.events('acme')])
        self.assertEqual(0, self.waits('acme'))

    def test_goes_on_after_what_has_arrived(self):
        self.boot('more', host='compute1')
        self.reset()
        self.servers['acme'].answers = [(204, {}), (500, {})]
        self.put('compute1', forced_down=True)
        self.run_until_delivered(self.webhook('acme'), 'acme')
        self.assertEqual(['s1', 'more', 'more'],
                         [event[0] for event in self.events('acme')])

    def test_end_hands_over(self):
        self.boot('more', host='compute1')
        self.reset()
        self.servers['acme'].goes_on.clear()
        self.put('compute1', forced_down=True)
        watch = service.Watch([self.webhook('acme')])
        watch.start()
        self.assertTrue(self.servers['acme'].wait_for(1))
        timer = threading.Timer(0.2, self.servers['acme'].goes_on.set)
        timer.start()
        self.addCleanup(timer.join)
        watch.stop()
        self.assertEqual(1, self.waits('acme'))
        self.deliver('acme')
        self.assertEqual(['s1', 'more'],
                         [event[0] for event in self.events('acme')])

    def test_cell_that_hangs_delays_no_other(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.outbox_relay.SHARED_SECONDS', 0.25))
        cell = self.useFixture(hanging_cell.HangingCell(
            self.nova, 'cell1', 'instances.project_id = '))
        for host in ('compute1', 'compute2'):
            self.put(host, forced_down=True)
        thread = threading.Thread(target=self.deliver, args=('acme',))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(cell.answer)
        self.assertTrue(self.servers['acme'].wait_for(1, 1.5))
        self.assertEqual([('s2', 'UP', 'DOWN')], self.events('acme'))
        cell.answer()
        thread.join(30)
        self.assertEqual([('s2', 'UP', 'DOWN'), ('s1', 'UP', 'DOWN')],
                         self.events('acme'))

    def test_lease_is_lost_before_the_first_event(self):
        """Another one may have told it already, and what came after it."""
        self.useFixture(fixtures.MockPatchObject(
            outbox_lease, 'LEASE_SECONDS', 0.5))
        cell = self.useFixture(hanging_cell.HangingCell(
            self.nova, 'cell1', 'instances.project_id = '))
        self.put('compute1', forced_down=True)
        thread = threading.Thread(target=self.deliver, args=('acme',))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(cell.answer)
        other = database.open_store(CONF)
        deadline = time.monotonic() + 30
        while not cell.hanging:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        with store_databases.cut_off(self.store):
            while not outbox_lease.claim(
                other, 'other', [sinks.webhook('acme')]):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            cell.answer()
            time.sleep(0.1)
        thread.join(30)
        self.assertEqual([], self.events('acme'))
        self.assertEqual(1, self.waits('acme'))

    def later(self, seconds):
        now = clock.now
        return mock.patch.object(
            clock, 'now',
            lambda: now() + datetime.timedelta(seconds=seconds))

    def test_cell_that_is_away(self):
        self.put('compute1', forced_down=True)
        with base.failing('instances'):
            self.deliver('acme')
        self.assertIn('An event cannot be announced for all of its servers.',
                      self.nova.log)
        self.run_until_delivered(self.webhook('acme'), 'acme')
        self.assertEqual([('s1', 'UP', 'DOWN')], self.events('acme'))

    def test_store_that_is_away(self):
        task = self.webhook('acme')
        self.put('compute1', forced_down=True)
        away = exception.StoreUnreachable(reason='it is away')
        with fixtures.MonkeyPatch(
                'nova_lockstatus.db.database.Store.connect',
                mock.Mock(side_effect=away)):
            task.run(self.watch.stop)
            task.end()
        self.assertIn('The database of the plugin cannot be used (task: '
                      'webhook acme)', self.nova.log)
        self.assertIn('cannot be handed over', self.nova.log)
        task.run(self.watch.stop)
        self.assertEqual([('s1', 'UP', 'DOWN')], self.events('acme'))

    def test_store_that_is_away_again(self):
        task = self.webhook('acme')
        for times in (1, 2):
            with store_databases.cut_off(self.store):
                for _ in range(2):
                    task.run(self.watch.stop)
            for _ in range(2):
                task.run(self.watch.stop)
            what = ('The database of the plugin cannot be used (task: '
                    'webhook acme): ')
            self.assertEqual(times, self.count_logged(what + 'StoreUnreach'))
            self.assertEqual(times, self.count_logged(what + 'works again.'))
