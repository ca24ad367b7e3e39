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

"""What is announced of each server of a host, and of which."""

import json
import threading
import time
import uuid

import fixtures
import testtools
import webob
from nova import context as nova_context
from nova import rpc
from nova import utils
from nova.conf import CONF
from nova.db.main import models
from oslo_utils import timeutils
from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from nova_lockstatus.api import after_response
from nova_lockstatus.core import host_event
from nova_lockstatus.embedded import identity
from nova_lockstatus.events.fan_out import SENDERS
from nova_lockstatus.events.notifications import host_status
from nova_lockstatus.events.notifications.objects import host_status as objects
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway import server_groups
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import fingerprints
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures import server_group
from nova_lockstatus.tests.fixtures.host_event_case import EVENT
from nova_lockstatus.tests.fixtures.host_event_case import OLD
from nova_lockstatus.tests.fixtures.host_event_case import (
    AnnouncementsTestCase,
)
from nova_lockstatus.tests.fixtures.host_event_case import publisher

FINGERPRINTS = {
    'HostStatusPayload': '1.1-4995114552f86782b1a154a9eba66637',
}


class ObjectsTestCase(testtools.TestCase):

    def test_fingerprints(self):
        fingerprints.check(self, [objects], FINGERPRINTS)


class ServersTestCase(AnnouncementsTestCase):
    """Which servers are announced, and with what."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('billing-1', host='compute1')
        standby = cls.nova.boot_server('billing-2', host='compute4')
        server_group.make([cls.server_id, standby],
                          '5c4f2b8e-0a61-4d37-9b1d-c2e7f3a6d840')
        cls.lock(cls(), cls.server_id, 'admin', 'unpaid invoice 4711')

    def runTest(self):
        """Be the test whose methods setUpClass uses."""

    def assertSample(self, name, notification):
        data = notification['payload']['nova_object.data']
        self.assert_sample(
            repository.NOTIFICATION_SAMPLES / (name + '.json'),
            json.dumps(notification, indent=4, sort_keys=True),
            [(data['request_id'],
              'req-5b6c791d-5709-4f36-8fbe-c3e02869e35d'),
             (data['change_id'], '0f2bd3a5-7c1e-4a43-9d0b-5e1c6a7f8b92'),
             (data['id'], 'b96d8b2c-5df3-5cf8-a1a4-3ed1a0c7e6f4'),
             (data['changed_at'], '2026-11-21T12:00:00Z'),
             ('nova-api:' + CONF.host, 'nova-api:api1')])

    def test_samples(self):
        self.put('compute1', forced_down=True)
        sent, = self.versioned()
        self.assertSample('lockstatus-host_status-update', sent)
        data = sent['payload']['nova_object.data']
        old, = self.unversioned()
        text = json.dumps({
            'publisher_id': old.publisher_id, 'priority': old.priority,
            'event_type': old.event_type, 'payload': old.payload,
        }, indent=4, sort_keys=True)
        self.assert_sample(
            repository.NOTIFICATION_SAMPLES
            / 'compute-instance-host_status.json', text,
            [(data['id'], 'b96d8b2c-5df3-5cf8-a1a4-3ed1a0c7e6f4'),
             (data['changed_at'], '2026-11-21T12:00:00Z'),
             ('api.' + CONF.host, 'api.api1')])

    def test_primitives(self):
        """What is made for many is what an object makes for each."""
        context = nova_context.RequestContext(
            'user', 'project', request_id='req-' + uuids.context)
        change = host_event.StatusChange(
            uuids.change, uuids.cell, 'compute1', 'UP', 'DOWN',
            timeutils.utcnow(with_timezone=True))
        locked = instances.InstanceRow(
            7, uuids.locked, 'p1', 'u1', 'billing-1', 'active', True, 'owner',
            {'locked_reason': 'unpaid invoice 4711 \U0001f512'},
            server_groups.ServerGroup(uuids.group, 0, 3))
        empty = instances.InstanceRow(
            8, uuids.empty, None, None, None, None, False, None, {})
        for shows_host in (False, True):
            payloads = objects.HostStatusPayloads(context, change, shows_host)
            for server in (locked, empty, locked):
                payload = objects.HostStatusPayload(
                    context, server, change, shows_host)
                payload.obj_reset_changes(recursive=True)
                primitive = payloads.of(server)
                self.assertEqual(payload.obj_to_primitive(), primitive)
                # It is sent as it is.
                self.assertEqual(primitive,
                                 json.loads(json.dumps(primitive)))

    def test_unlocked(self):
        self.boot('free', host='compute3')
        self.reset()
        self.put('compute3', forced_down=True)
        data, = self.payloads()
        self.assertEqual(
            (False, None, None, 'free', 'active', identity.OWNER.project_id,
             identity.OWNER.user_id),
            tuple(data[key] for key in (
                'locked', 'locked_by', 'locked_reason', 'display_name',
                'state', 'tenant_id', 'user_id')))

    def set_server(self, server_id, cell='cell1', **columns):
        many_hosts.execute(
            self.nova, cell, models.Instance.__table__.update().where(
                models.Instance.uuid == server_id).values(**columns))

    def test_servers_that_are_gone(self):
        for name, columns in (
                ('marked', {'deleted': 1}), ('hidden', {'hidden': True}),
                ('moved', {'host': 'compute3'}),
                ('elsewhere', {'host': None})):
            server_id = self.boot(name, host='compute1')
            self.set_server(server_id, **columns)
            self.addCleanup(self.set_server, server_id, host='compute1',
                            deleted=0, hidden=False)
        server_id = self.boot('old', host='compute1')
        self.set_server(server_id, hidden=None, locked=None)
        self.delete(self.boot('deleted', host='compute1'))
        self.reset()
        self.put('compute1', forced_down=True)
        self.assertEqual([('billing-1', 'UP', 'DOWN'), ('old', 'UP', 'DOWN')],
                         self.told())

    def test_host_without_servers(self):
        self.put('compute2', forced_down=True)
        self.assertEqual([], self.told())

    def test_one_that_cannot_be_sent(self):
        self.boot('broken', host='compute1')
        self.boot('whole', host='compute1')
        self.reset()
        make = host_status.Sender._unversioned

        def make_failing(*args):
            send = make(*args)

            def fail(server):
                if server.display_name == 'broken':
                    raise ValueError('no message of that')
                send(server)

            return fail

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.notifications.host_status.Sender._unversioned',
            make_failing))
        self.put('compute1', forced_down=True)
        self.assertEqual(['billing-1', 'whole'], [
            sent.payload['display_name'] for sent in self.unversioned()])
        self.assertEqual(3, len(self.versioned()))
        self.assertIn('ValueError: no message of that', self.nova.log)

    def test_cell_that_cannot_be_read(self):
        with base.failing('instances'):
            self.put('compute1', forced_down=True)
            self.assertEqual([], self.told())
        self.assertIn('A background task failed', self.nova.log)
        self.put('compute1', forced_down=False)
        self.assertEqual([('billing-1', 'DOWN', 'UP')], self.told())

    def test_what_is_stored_cannot_be_read(self):
        for broken in ('sqlalchemy', 'sinks'):
            with fixtures.MonkeyPatch(
                    'nova_lockstatus.api.hooks.service_update.' + broken,
                    None):
                self.put('compute1', forced_down=True)
            self.assertEqual([], self.told())
            self.assertIn('cannot be read. If the call changes the status',
                          self.nova.log)
            self.put('compute1', forced_down=False)
            self.assertEqual([('billing-1', 'DOWN', 'UP')], self.told())
            self.reset()

    def test_change_cannot_be_told(self):
        with fixtures.MonkeyPatch(
                'nova_lockstatus.api.hooks.service_update.uuidutils', None):
            self.put('compute1', forced_down=True)
        self.assertEqual([], self.told())
        self.assertIn('has changed, and no notification is sent.',
                      self.nova.log)


class BrokerTestCase(AnnouncementsTestCase):
    """Nobody takes the messages."""

    def test_the_answer_does_not_wait(self):
        self.boot('s', host='compute1')
        self.reset()
        goes_on = threading.Event()
        self.addCleanup(self.wait)
        self.addCleanup(goes_on.set)
        for notifier in (rpc.NOTIFIER, rpc.LEGACY_NOTIFIER):
            self.hold_up(type(notifier), goes_on)
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.direct_publisher.DirectPublisher.'
            'after_response_timeout', 0.1))
        self.put('compute1', forced_down=True)
        self.put('compute1', forced_down=False)
        self.assertTrue(publisher().is_busy)
        goes_on.set()
        self.assertEqual([('s', 'UP', 'DOWN'), ('s', 'DOWN', 'UP')],
                         self.told())

    def body_of_a_call(self):
        """Have a call answered, as a server of WSGI does."""
        request = webob.Request.blank(
            '/v2.1/os-services/force-down', method='PUT')
        request.headers.update({
            'X-Auth-Token': 'admin', 'Content-Type': 'application/json',
            'OpenStack-API-Version': 'compute 2.11'})
        request.body = json.dumps({
            'host': 'compute1', 'binary': 'nova-compute',
            'forced_down': True}).encode()
        started = []
        body = self.nova.app(
            request.environ,
            lambda status, headers, *error: started.append(status))
        self.assertEqual(['200 OK'], started)
        return body

    def test_where_green_threads_stand_still(self):
        self.boot('s', host='compute1')
        self.reset()
        are_blocked = after_response.green_threads_are_blocked()
        self.assertEqual(not utils.concurrency_mode_threading()
                         if hasattr(utils, 'concurrency_mode_threading')
                         else True, are_blocked)
        done = []
        wait = publisher().wait
        self.useFixture(fixtures.MockPatchObject(
            publisher(), 'wait',
            lambda seconds: done.append(wait(seconds))))
        body = self.body_of_a_call()
        self.assertIn(b'forced_down', b''.join(body))
        self.assertEqual([], done)
        getattr(body, 'close', list)()
        self.assertEqual([True] if are_blocked else [], done)

    def test_own_server_of_nova(self):
        self.boot('s', host='compute1')
        self.reset()
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.api.after_response.green_threads_are_blocked',
            lambda: False))
        body = self.body_of_a_call()
        self.assertNotIsInstance(body, after_response.ClosingIterator)
        self.assertEqual([('s', 'UP', 'DOWN')], self.told())

    def test_novas_own_notification(self):
        """It waits for the broker, and neither the call nor ours does."""
        self.boot('s', host='compute1')
        self.reset()
        goes_on = threading.Event()
        self.addCleanup(goes_on.set)
        self.hold_up(type(rpc.NOTIFIER), goes_on, ('service.update',))
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.api.hooks.service_update.NOTIFICATION_TIMEOUT',
            0.5))
        for seconds, value in ((0.5, True), (0, False), (0, True)):
            began = time.monotonic()
            self.put('compute1', forced_down=value)
            self.assertGreaterEqual(time.monotonic() - began, seconds)
        self.assertEqual(3, self.nova.log.count(
            "does not take Nova's notification of the change of host "
            "compute1"))
        self.assertEqual(
            [('s', 'UP', 'DOWN'), ('s', 'DOWN', 'UP'), ('s', 'UP', 'DOWN')],
            self.told())
        self.assertEqual([], self.service_updates())
        goes_on.set()
        deadline = time.monotonic() + 30
        while len(self.service_updates()) < 3:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        self.assertEqual([True, False, True], self.service_updates())
        # What is sent at once is sent before the answer, as in stock Nova.
        self.reset()
        self.put('compute1', forced_down=False)
        self.assertEqual([False], self.service_updates())

    def service_updates(self):
        return [sent['payload']['nova_object.data']['forced_down']
                for sent in self.nova.services.notifier.versioned_notifications
                if sent['event_type'] == 'service.update']

    def hold_up(self, notifier, goes_on, events=(EVENT, OLD)):
        notify = vars(notifier)['_notify']

        def wait(self, priority, ctxt, event_type, payload):
            if event_type in events:
                goes_on.wait(30)
            notify(self, priority, ctxt, event_type, payload)

        self.useFixture(fixtures.MonkeyPatch(
            'nova.tests.fixtures.notifications.%s._notify'
            % notifier.__name__, wait))


class StatementsTestCase(AnnouncementsTestCase):
    """However many servers there are, a page is one statement or two."""

    def test_statements(self):
        self.boot('s0', host='compute1')
        self.boot('s1', host='compute1')
        self.lock(self.boot('s2', host='compute1'), 'owner', 'why')
        self.lock(self.boot('s3', host='compute1'), 'owner', 'why')
        self.put('compute1', status='disabled')
        self.wait()
        # The cell of the host; for each page the servers, the reasons if any
        # of them is locked, and their groups; a page that is not full is the
        # last one.
        for page, expected in ((500, 4), (4, 5), (2, 7), (1, 12)):
            self.useFixture(fixtures.MonkeyPatch(
                'nova_lockstatus.gateway.instances.PAGE_SIZE', page))
            self.reset()
            with base.statements() as executed:
                publisher().publish(self.change())
                self.wait()
            self.assertEqual(['s0', 's1', 's2', 's3'],
                             [told[0] for told in self.told()])
            self.assertEqual(expected, len(executed), page)
            self.assertEqual(['why', 'why'], [
                data['locked_reason'] for data in self.payloads()[2:]])

    def change(self):
        return host_event.StatusChange(
            id=uuidutils.generate_uuid(),
            cell=self.nova.services.cell_mappings['cell1'].uuid,
            host='compute1', old='UP', new='DOWN',
            changed_at=timeutils.utcnow(with_timezone=True))

    def test_many_servers_in_several_threads(self):
        self.addCleanup(
            many_hosts.execute, self.nova, 'cell2',
            models.Instance.__table__.delete().where(
                models.Instance.host == 'compute2'))
        many_hosts.insert(self.nova, 'cell2', models.Instance, [
            {'uuid': str(uuid.uuid4()), 'host': 'compute2', 'deleted': 0,
             'display_name': 'm%03d' % number, 'vm_state': 'active'}
            for number in range(320)])
        threads = set()
        send = host_status.Sender.send

        def note(sender, server):
            threads.add(threading.current_thread())
            # As one does who waits for the broker.
            time.sleep(0.001)
            send(sender, server)

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.notifications.host_status.Sender.send',
            note))
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.gateway.instances.PAGE_SIZE', 160))
        self.put('compute2', forced_down=True)
        self.put('compute2', forced_down=False)
        told = self.told()
        names = ['m%03d' % number for number in range(320)]
        self.assertEqual(
            [(name, 'UP', 'DOWN') for name in names], sorted(told[:320]))
        self.assertEqual(
            [(name, 'DOWN', 'UP') for name in names], sorted(told[320:]))
        # Each page has threads of its own.
        self.assertEqual(2 * 2 * SENDERS, len(threads))

    def test_page_is_what_is_read(self):
        self.assertEqual(500, instances.PAGE_SIZE)
