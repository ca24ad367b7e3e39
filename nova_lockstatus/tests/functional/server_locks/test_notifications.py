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

"""A lock that has expired is announced once, by notification and webhook."""

import datetime
import json
import threading
import time

import fixtures
import prometheus_client
import sqlalchemy
import testtools
from nova.conf import CONF
from oslo_utils import timeutils

from nova_lockstatus.conf import webhooks as options
from nova_lockstatus.db import database
from nova_lockstatus.db import migration
from nova_lockstatus.db import models
from nova_lockstatus.db import outbox
from nova_lockstatus.embedded import identity
from nova_lockstatus.events.notifications.objects import lock_expiry as objects
from nova_lockstatus.events.webhook import endpoint
from nova_lockstatus.tests.fixtures import fingerprints
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures import server_locks_case as case
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.watch import lock_ends
from nova_lockstatus.watch import lock_expiries
from nova_lockstatus.watch import prometheus_metrics
from nova_lockstatus.watch import webhook_relay

FINGERPRINTS = {
    'LockExpiryPayload': '1.0-60e43aeace8594ff38c99523c9294a99',
}

EVENT = 'lockstatus.lock.expired'


class ObjectsTestCase(testtools.TestCase):

    def test_fingerprints(self):
        fingerprints.check(self, [objects], FINGERPRINTS)


class Watch:
    """What one nova-lockstatus-watch does about expired locks."""

    def __init__(self, store):
        self.stop = threading.Event()
        self.registry = prometheus_client.CollectorRegistry()
        metrics = prometheus_metrics.Prometheus(self.registry)
        self.ends = lock_ends.LockEnds(CONF, metrics,
                                       lock_expiries.LockExpiries(
                                           CONF, store, endpoint.read(CONF)))
        self.relay = lock_expiries.LockExpiryRelay(CONF, store, metrics)
        self.webhooks = [
            webhook_relay.WebhookRelay(CONF, store, *webhook)
            for webhook in webhook_relay.make_clients(CONF)]

    def look(self):
        self.ends.run(self.stop)

    def tell(self):
        self.relay.run(self.stop)
        for task in self.webhooks:
            task.run(self.stop)

    def look_and_tell(self):
        self.look()
        self.tell()

    def count(self, cell='cell1'):
        return self.registry.get_sample_value(
            'nova_lockstatus_expired_locks', {'cell': cell})


class ExpiryTestCase(case.ServerLocksTestCase):

    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        certificates = self.useFixture(webhook_server.Certificates())
        self.receivers = {
            name: self.useFixture(webhook_server.WebhookServer(certificates))
            for name in ('acme', 'other')}
        self.configure(
            'lockstatus', connection='sqlite:///%s/store.sqlite' % folder,
            webhooks=list(self.receivers),
            webhook_allowed_networks=['127.0.0.0/8'])
        for name, project_id in (('acme', identity.OWNER.project_id),
                                 ('other', identity.OTHER.project_id)):
            options.register_target(CONF, name)
            self.configure(options.group(name), project_id=project_id,
                           url=self.receivers[name].url(), secret='s',
                           ca_file=certificates.ca_file)
        for name in ('nova_lockstatus.events.outbox_relay.SHARED_SECONDS',
                     'nova_lockstatus.watch.lock_ends.CELLS_TIMEOUT'):
            self.useFixture(fixtures.MonkeyPatch(name, 30))
        self.store = database.open_store(CONF)
        migration.sync(self.store)
        self.watch = Watch(self.store)
        self.watch.look()
        self.nova.services.notifier.reset()

    def expire(self, server_id=None, **keys):
        """Lock a server with an end that comes soon, and wait for it."""
        until = timeutils.utcnow() + datetime.timedelta(seconds=0.4)
        answer = self.act({'lock': {
            'locked_until': until.isoformat() + 'Z', **keys}},
            keys.pop('token', 'admin'), server_id=server_id)
        self.assertEqual(202, answer.status_code, answer.text)
        time.sleep(0.5)

    def sent(self):
        return [sent for sent in
                self.nova.services.notifier.versioned_notifications
                if sent['event_type'] == EVENT]

    def told(self):
        """Return how often it was told, by notification and by webhook."""
        return len(self.sent()), len(self.receivers['acme'].events())

    def recorded(self):
        with self.store.connect() as connection:
            return connection.execute(sqlalchemy.select(
                models.EXPIRED_LOCKS)).all()


class ToldTestCase(ExpiryTestCase):

    def test_samples(self):
        self.expire(locked_reason='legal hold 2026-17', level='delete')
        self.watch.look_and_tell()
        sent, = self.sent()
        data = sent['payload']['nova_object.data']
        volatile = [
            (data['id'], '5d1c8f0b-8c0d-5c3a-9f2e-6a7b1c2d3e4f'),
            (data['lock_id'], '1f0e7c3a-2b4d-4e6f-8a9b-0c1d2e3f4a5b'),
            (data['lock_until'], '2026-12-24T08:00:00Z'),
            ('nova-lockstatus-watch:' + CONF.host,
             'nova-lockstatus-watch:controller1')]
        self.assert_sample(
            repository.NOTIFICATION_SAMPLES / 'lockstatus-lock-expired.json',
            json.dumps(sent, indent=4, sort_keys=True), volatile)
        event, = self.receivers['acme'].events()
        self.assert_sample(
            repository.NOTIFICATION_SAMPLES / 'webhook-lock-expired.json',
            json.dumps(event, indent=4), volatile)
        # Both in the same words.
        self.assertEqual(
            {name: value for name, value in data.items() if name not in (
                'id', 'request_id', 'action_initiator_user',
                'action_initiator_project')}, event['data'])
        self.assertEqual(data['id'], event['id'])
        self.assertEqual([], self.receivers['other'].events())

    def test_told_once(self):
        self.expire()
        for watch in (self.watch, Watch(self.store), Watch(self.store)):
            for _ in range(2):
                watch.look_and_tell()
        self.assertEqual((1, 1), self.told())
        self.assertEqual(0, outbox.count(self.store))
        self.assertEqual([1, 1], [self.watch.count(), watch.count()])

    def test_two_watches_at_the_same_time(self):
        servers = [self.boot('db%d' % number) for number in range(3)]
        for server_id in servers:
            self.expire(server_id)
        watches = [threading.Thread(target=Watch(self.store).look_and_tell)
                   for _ in range(2)]
        for thread in watches:
            thread.start()
        for thread in watches:
            thread.join()
        self.watch.tell()
        self.assertEqual((3, 3), self.told())

    def test_each_end_is_told(self):
        self.expire()
        self.watch.look_and_tell()
        self.expire()
        self.watch.look_and_tell()
        self.assertEqual((2, 2), self.told())
        first, second = self.receivers['acme'].events()
        self.assertNotEqual(first['id'], second['id'])
        self.assertEqual(first['data']['lock_id'], second['data']['lock_id'])

    def test_lock_that_is_lifted_at_its_end_does_not_expire(self):
        self.expire(release=True)
        self.watch.look_and_tell()
        self.assertEqual((0, 0), self.told())
        self.assertEqual((False, None, None), self.columns())
        self.assertEqual(0, self.watch.count())

    def test_watch_that_is_killed_before_it_tells(self):
        self.expire()
        self.watch.look()
        Watch(self.store).tell()
        self.assertEqual((1, 1), self.told())

    def test_receiver_that_is_away(self):
        self.expire()
        self.receivers['acme'].answers = [(503, {})]
        self.watch.look_and_tell()
        self.assertEqual(1, outbox.count(self.store))
        deadline = time.monotonic() + 30
        while outbox.count(self.store) and time.monotonic() < deadline:
            self.watch.tell()
            time.sleep(0.05)
        self.assertEqual(1, len({
            event['id'] for event in self.receivers['acme'].events()}))
        self.assertEqual(0, outbox.count(self.store))


class NotTrueAnyMoreTestCase(ExpiryTestCase):
    """A lock is changed between its end and the event."""

    def setUp(self):
        super().setUp()
        self.expire()
        self.watch.look()

    def test_lifted(self):
        self.unlock('admin')
        self.watch.tell()
        self.assertEqual((0, 0), self.told())
        self.assertEqual(0, outbox.count(self.store))

    def test_another_end(self):
        self.set_lock('admin', locked_until=case.in_time(hours=1))
        self.watch.tell()
        self.assertEqual((0, 0), self.told())

    def test_deleted(self):
        path = '/v2.1/servers/' + self.server_id
        self.nova.request('DELETE', path, 'admin')
        while self.nova.request('GET', path, 'admin').status_code != 404:
            time.sleep(0.05)
        self.watch.tell()
        self.assertEqual((0, 0), self.told())

    def test_forgotten(self):
        self.assertEqual(1, len(self.recorded()))
        self.unlock('admin')
        Watch(self.store).look()
        self.assertEqual([], self.recorded())


class StoreFailsTestCase(ExpiryTestCase):

    def test_tables_that_are_missing(self):
        self.expire()
        with self.store.connect() as connection:
            models.EXPIRED_LOCKS.drop(connection)
        before = len(self.nova.log)
        for _ in range(2):
            self.watch.look()
        self.assertEqual(1, self.nova.log[before:].count(
            'Expired locks of the cell cell1'))
        with self.store.connect() as connection:
            models.EXPIRED_LOCKS.create(connection)
        self.watch.look_and_tell()
        self.assertEqual((1, 1), self.told())
