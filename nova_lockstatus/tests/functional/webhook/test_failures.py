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

"""What webhooks are told, from real hosts, over real HTTPS."""

import datetime
import threading
import time
from unittest import mock

import fixtures
import prometheus_client
from nova.conf import CONF

from nova_lockstatus import exception
from nova_lockstatus.cli import watch
from nova_lockstatus.conf import webhooks as options
from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.embedded import identity
from nova_lockstatus.events import retention
from nova_lockstatus.events import sinks
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import hanging_cell
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.functional.host_event import (
    test_outbox_failures as test_host_outbox,
)
from nova_lockstatus.watch import prometheus
from nova_lockstatus.watch import service
from nova_lockstatus.watch import webhook_relay

PROJECTS = {'acme': identity.OWNER.project_id,
            'other': identity.OTHER.project_id}


class WebhooksTestCase(test_host_outbox.OutboxTestCase):
    """Two projects, each with a server on each host and a webhook."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, host in enumerate(test_host_outbox.HOSTS):
            cls.nova.boot_server('o%d' % (number + 1), 'other', host=host)

    def setUp(self):
        super().setUp()
        certificates = self.useFixture(webhook_server.Certificates())
        self.servers = {}
        self.set('lockstatus', webhooks=list(PROJECTS),
                 webhook_allowed_networks=['127.0.0.0/8'])
        for name, project_id in PROJECTS.items():
            self.servers[name] = self.useFixture(
                webhook_server.WebhookServer(certificates))
            options.register_target(CONF, name)
            self.set(options.group(name), project_id=project_id,
                     url=self.servers[name].url(), secret='s-' + name,
                     ca_file=certificates.ca_file)
        # A pause is over at once; that they grow, the unit tests know.
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.utils.backoff.PAUSE', 0.01))
        self.app = base.load_app()
        self.watch.look()
        self.reset()
        self._log_before = len(self.nova.log)

    def count_said(self, text):
        return self.nova.log[self._log_before:].count(text)

    def set(self, group, **values):
        for name, value in values.items():
            CONF.set_override(name, value, group=group)
            self.addCleanup(CONF.clear_override, name, group=group)

    def webhook(self, name, **kwargs):
        """Make the duty of one webhook, as another process has it."""
        for target, poster in webhook_relay.make_clients(CONF):
            if target.name == name:
                return webhook_relay.WebhookRelay(
                    CONF, self.store, target, poster, **kwargs)
        raise KeyError(name)

    def deliver(self, *names):
        for name in names or PROJECTS:
            self.webhook(name).run(self.watch.stop)

    def until_delivered(self, duty, name, patience=30):
        """Run a duty as the watch does until nothing waits."""
        deadline = time.monotonic() + patience
        while self.waits(name):
            self.assertLess(time.monotonic(), deadline, self.nova.log)
            duty.run(self.watch.stop)
            time.sleep(0.01)

    def waits(self, name):
        return outbox.count(self.store, sinks=[sinks.webhook(name)])

    def events(self, name):
        return [(event['data']['display_name'],
                 event['data']['old_host_status'],
                 event['data']['host_status'])
                for event in self.servers[name].events()]


class DeliveryTestCase(WebhooksTestCase):

    def test_only_their_own_servers(self):
        self.put('compute1', forced_down=True)
        self.silence('compute2')
        self.watch.look()
        # nova-api and the watch have told what they tell, and no more.
        self.assertEqual({'s1', 'o1', 's2', 'o2'},
                         {told[0] for told in self.told()})
        self.assertEqual((2, 2), (self.waits('acme'), self.waits('other')))
        self.assertEqual(4, outbox.count(self.store))
        self.deliver()
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s2', 'UP', 'UNKNOWN')],
                         self.events('acme'))
        self.assertEqual([('o1', 'UP', 'DOWN'), ('o2', 'UP', 'UNKNOWN')],
                         self.events('other'))
        for name, project_id in PROJECTS.items():
            self.assertEqual({project_id}, {
                event['data']['tenant_id']
                for event in self.servers[name].events()})
        self.assertNothingIsOwed()

    def test_same_id_as_the_notification(self):
        self.put('compute1', forced_down=True)
        self.deliver()
        event, = self.servers['acme'].events()
        payload, = (payload for payload in self.payloads()
                    if payload['display_name'] == 's1')
        self.assertEqual((payload['id'], payload['uuid']),
                         (event['id'], event['subject']))
        for key, value in event['data'].items():
            self.assertEqual(payload[key], value, key)
        self.assertNotIn('host', event['data'])
        (path, headers, _body), = self.servers['acme'].requests
        self.assertEqual('/hook?a=b', path)
        self.assertEqual('application/cloudevents+json',
                         headers['Content-Type'])
        self.assertRegex(headers['X-Lockstatus-Signature'],
                         '^t=[0-9]+,v1=[0-9a-f]{64}$')

    def test_host_is_named_where_it_may_be(self):
        self.set('lockstatus', notify_host_names=True)
        self.put('compute1', forced_down=True)
        self.deliver('acme')
        event, = self.servers['acme'].events()
        self.assertEqual('compute1', event['data']['host'])

    def test_nova_sends_no_notifications(self):
        self.set('oslo_messaging_notifications', driver=[])
        self.assertEqual(0.5, self.watch.announced.interval)
        self.put('compute1', forced_down=True)
        self.silence('compute2')
        self.watch.look()
        self.deliver()
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s2', 'UP', 'UNKNOWN')],
                         self.events('acme'))
        self.assertEqual([], self.told())
        self.assertNothingIsOwed()

    def test_store_without_tables(self):
        """What was for webhooks alone is told to nobody."""
        self.set('oslo_messaging_notifications', driver=[])
        self.set('lockstatus', connection='sqlite:///%s/empty.sqlite'
                 % self.useFixture(fixtures.TempDir()).path)
        self.app = base.load_app()
        with base.statements() as executed:
            self.put('compute1', forced_down=True)
            self.wait()
        self.assertEqual([], [statement for statement in executed
                              if 'FROM instances' in statement])
        self.assertIn('is announced at once', self.nova.log)

    def test_without_store(self):
        with fixtures.MonkeyPatch('nova_lockstatus.events.publisher._SHARED',
                                  {}):
            self.set('lockstatus', connection=None)
            self.app = base.load_app()
            self.put('compute1', forced_down=True)
            self.assertEqual({'s1', 'o1'}, {told[0] for told in self.told()})
            self.assertEqual(0, self.webhook('acme').interval)
        self.assertNotIn('Traceback', self.nova.log)

    def test_duties(self):
        names = [duty.name for duty in watch._make_duties(CONF)]
        self.assertEqual(['webhook acme', 'webhook other'], names[-2:])
        self.set('lockstatus', connection=None)
        names = [duty.name for duty in watch._make_duties(CONF)]
        self.assertNotIn('webhook acme', names)
        self.assertIn('Webhooks are not told without', self.nova.log)
        # What is wrong stops it, with a store or not.
        self.set(options.group('acme'), secret='')
        self.assertRaises(exception.InvalidWebhook, watch._make_duties,
                          CONF)

    def test_nova_api_goes_on_where_one_is_wrong(self):
        self.set(options.group('acme'), url='http://localhost')
        with fixtures.MonkeyPatch('nova_lockstatus.events.publisher._SHARED',
                                  {}):
            self.app = base.load_app()
            self.assertIn("The webhook 'acme' cannot be used: "
                          '[lockstatus_webhook_acme]url does not begin with '
                          'https://.', self.nova.log)
            self.put('compute1', forced_down=True)
            self.assertEqual({'s1', 'o1'}, {told[0] for told in self.told()})
        self.assertEqual(1, self.waits('other'))


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
        duty = self.webhook('acme', metrics=prometheus.Prometheus(registry))
        self.until_delivered(duty, 'acme')
        self.assertEqual([('s1', 'UP', 'DOWN')] * 4, self.events('acme'))
        self.assertEqual([3, 1], [registry.get_sample_value(
            'nova_lockstatus_announcements_total',
            {'sink': 'webhook:acme', 'outcome': outcome})
            for outcome in ('failed', 'sent')])
        self.assertEqual(1, len({event['id'] for event in acme.events()}))
        self.assertIn('The webhook acme: WebhookNotTaken: The event was '
                      'answered with the status 500.', self.nova.log)
        self.assertEqual(1, self.count_said('acme: WebhookNotTaken'))
        self.assertIn('The webhook acme: works again.', self.nova.log)

    def test_nothing_is_posted_in_a_pause(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.utils.backoff.PAUSE', 60))
        self.servers['acme'].answers = [(500, {})]
        for host in ('compute1', 'compute2'):
            self.put(host, forced_down=True)
        duty = self.webhook('acme')
        for _ in range(3):
            duty.run(self.watch.stop)
        self.assertEqual(1, len(self.servers['acme'].requests))
        # Nor by another process, what has just failed.
        self.deliver('acme')
        self.assertEqual(['s1', 's2'],
                         [event[0] for event in self.events('acme')])

    def test_retry_after(self):
        now, clock = time.monotonic(), [0]
        self.servers['acme'].answers = [(429, {'Retry-After': '120'})]
        self.put('compute1', forced_down=True)
        duty = self.webhook('acme')
        duty.run(self.watch.stop)
        with mock.patch('time.monotonic', lambda: now + clock[0]):
            clock[0] = 119
            self.assertFalse(duty._delivery.backoff.is_over)
            clock[0] = 125
            self.assertTrue(duty._delivery.backoff.is_over)
        self.assertEqual(1, self.waits('acme'))
        # Neither does another process.
        self.deliver('acme')
        self.assertEqual(1, len(self.servers['acme'].requests))

    def test_refused_is_given_up(self):
        self.boot('more', host='compute1')
        self.reset()
        for status in (400, 404, 410, 302):
            self.servers['acme'].answers = [(status, {
                'Location': self.servers['other'].url()})]
            self.put('compute1', forced_down=True)
            self.deliver('acme')
            self.assertEqual(
                [('s1', 'UP', 'DOWN'), ('more', 'UP', 'DOWN')],
                self.events('acme')[-2:])
            self.assertEqual(0, self.waits('acme'))
            self.assertIn('has answered with the status %d.' % status,
                          self.nova.log)
            self.put('compute1', forced_down=False)
            self.deliver('acme')
        self.assertEqual(16, len(self.events('acme')))
        self.assertEqual([], self.servers['other'].requests)

    def test_event_that_is_never_taken_does_not_hold_up_other_hosts(self):
        self.servers['acme'].answers = [(500, {})]
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.utils.backoff.PAUSE', 1))
        self.put('compute1', forced_down=True)
        self.put('compute2', forced_down=True)
        duty = self.webhook('acme')
        deadline = time.monotonic() + 30
        while len(self.servers['acme'].requests) < 2:
            self.assertLess(time.monotonic(), deadline)
            duty.run(self.watch.stop)
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

        def die(store, owner, owed, last_server):
            note(store, owner, owed, last_server)
            noted.append(last_server)
            if len(noted) == 2:
                raise Killed

        with mock.patch.object(outbox_lease, 'checkpoint', die):
            self.assertRaises(Killed, self.deliver, 'acme')
        self.assertEqual(['s1', 'more0'],
                         [event[0] for event in self.events('acme')])
        self.deliver('acme')
        self.assertEqual(2, len(self.events('acme')))
        with self.later(outbox_lease.LEASE + 1):
            self.deliver('acme')
        self.assertEqual(['s1', 'more0', 'more1', 'more2'],
                         [event[0] for event in self.events('acme')])
        self.assertEqual(0, self.waits('acme'))

    def test_goes_on_after_what_has_arrived(self):
        self.boot('more', host='compute1')
        self.reset()
        self.servers['acme'].answers = [(204, {}), (500, {})]
        self.put('compute1', forced_down=True)
        self.until_delivered(self.webhook('acme'), 'acme')
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
            'nova_lockstatus.events.relay.SHARED_SECONDS', 0.25))
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
        self.useFixture(fixtures.MockPatchObject(outbox_lease, 'LEASE', 0.5))
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
        self.assertIn('It was not announced to the end that host compute1',
                      self.nova.log)
        self.until_delivered(self.webhook('acme'), 'acme')
        self.assertEqual([('s1', 'UP', 'DOWN')], self.events('acme'))

    def test_store_that_is_away(self):
        duty = self.webhook('acme')
        self.put('compute1', forced_down=True)
        away = exception.StoreUnreachable(reason='it is away')
        with fixtures.MonkeyPatch(
                'nova_lockstatus.db.database.Store.connect',
                mock.Mock(side_effect=away)):
            duty.run(self.watch.stop)
            duty.end()
        self.assertIn('webhook acme: the store cannot be used',
                      self.nova.log)
        self.assertIn('is not handed over', self.nova.log)
        duty.run(self.watch.stop)
        self.assertEqual([('s1', 'UP', 'DOWN')], self.events('acme'))

    def test_store_that_is_away_again(self):
        duty = self.webhook('acme')
        for times in (1, 2):
            with store_databases.cut_off(self.store):
                for _ in range(2):
                    duty.run(self.watch.stop)
            for _ in range(2):
                duty.run(self.watch.stop)
            what = 'webhook acme: the store cannot be used: '
            self.assertEqual(times, self.count_said(what + 'StoreUnreach'))
            self.assertEqual(times, self.count_said(what + 'works again.'))


class GivenUpTestCase(WebhooksTestCase):

    def test_too_many(self):
        self.set('lockstatus', webhook_queue=3)
        self.servers['acme'].answers = [(500, {})]
        self.pause_after_failures()
        self.put('compute1', forced_down=True)
        self.deliver('acme')
        self.fill('webhook:acme', ['gone%d' % number for number in range(4)])
        self.fill('webhook:other', ['gone5'])
        self.keep_limits()
        self.assertEqual((3, 2), (self.waits('acme'), self.waits('other')))
        said = 'webhook:acme: 2 changes of hosts are not told: more than 3'
        self.assertEqual(1, self.count_said(said))
        self.fill('webhook:acme', ['gone6', 'gone7'])
        self.keep_limits()
        self.assertEqual(3, self.waits('acme'))
        self.assertEqual(2, self.count_said(said))
        # What was first is what is gone.
        self.assertEqual('gone3', outbox_lease.claim(
            self.store, 'me', [sinks.webhook('acme')]).change.host)

    def keep_limits(self):
        retention.OutboxRetention(CONF, self.store).run(self.watch.stop)

    def pause_after_failures(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.utils.backoff.PAUSE', 60))

    def test_too_old(self):
        self.fill('webhook:acme', ['gone1', 'gone2'], 3601)
        self.put('compute1', forced_down=True)
        self.keep_limits()
        self.assertEqual(1, self.waits('acme'))
        self.assertIn('webhook:acme: 2 changes of hosts are not told: they '
                      'are more than 3600 s ago.', self.nova.log)

    def test_no_watch_runs(self):
        """nova-api gives up what is too late, now and then."""
        self.fill('webhook:acme', ['gone1', 'gone2'], 3601)
        self.put('compute1', forced_down=True)
        self.wait()
        self.assertEqual(3, self.waits('acme'))
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.retention.INTERVAL', 0))
        self.put('compute1', forced_down=False)
        self.wait()
        self.assertEqual(2, self.waits('acme'))
        self.assertIn('webhook:acme: 2 changes of hosts are not told',
                      self.nova.log)

    def test_too_old_while_it_is_told(self):
        self.boot('more', host='compute1')
        self.fill('webhook:acme', ['compute1'], 1800)
        acme = self.servers['acme']
        acme.goes_on.clear()
        thread = threading.Thread(target=self.deliver, args=('acme',))
        thread.start()
        self.assertTrue(acme.wait_for(1))
        self.set('lockstatus', webhook_give_up=1700)
        acme.goes_on.set()
        thread.join()
        self.assertEqual([('s1', 'UP', 'DOWN')], self.events('acme'))
        self.assertEqual(0, self.waits('acme'))
        self.assertEqual(1, self.count_said(
            'The webhook acme is not told any more'))

    def test_dead_until_it_is_too_old(self):
        self.servers['acme'].answers = [(500, {})]
        self.pause_after_failures()
        self.fill('webhook:acme', ['compute1'], 1800)
        duty = self.webhook('acme')
        for _ in range(3):
            duty.run(self.watch.stop)
        self.assertEqual(1, self.waits('acme'))
        self.set('lockstatus', webhook_give_up=1700)
        self.keep_limits()
        self.assertEqual(0, self.waits('acme'))
        self.assertEqual(1, len(self.servers['acme'].requests))

    def test_webhook_that_is_not_there_any_more(self):
        self.fill('webhook:former', ['gone1', 'gone2'], 3601)
        self.fill('webhook:former', ['gone3'], 3000)
        self.keep_limits()
        self.assertEqual(1, self.waits('former'))
        self.assertIn('webhook:former: 2 changes of hosts are not told',
                      self.nova.log)

    def test_store_that_is_away(self):
        keeper = retention.OutboxRetention(CONF, self.store)
        with store_databases.cut_off(self.store):
            keeper.run(self.watch.stop)
        keeper.run(self.watch.stop)
        what = 'limits of the outbox: the store cannot be used: '
        self.assertEqual(1, self.count_said(what + 'StoreUnreachable'))
        self.assertEqual(1, self.count_said(what + 'works again.'))


class CostTestCase(WebhooksTestCase):

    def test_nothing_to_do(self):
        duty = self.webhook('acme')
        with base.statements() as executed:
            duty.run(self.watch.stop)
        self.assertEqual(1, len(executed), executed)

    def test_no_others_servers_are_read(self):
        self.put('compute1', forced_down=True)
        self.wait()
        with base.statements() as executed:
            self.deliver('acme')
        read, = (statement for statement in executed
                 if 'FROM instances' in statement)
        self.assertIn('instances.project_id = ', read)
