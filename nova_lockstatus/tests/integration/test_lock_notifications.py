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

"""The notifications of a lock, over a real RabbitMQ.

The environment variable NOVA_LOCKSTATUS_TEST_TRANSPORT names it; the default
is the one of this machine. Exchange and queue are the test's own.
"""

import os
import queue
import socket
import threading
import uuid

import fixtures
import kombu
import oslo_messaging
from nova import rpc
from oslo_config import cfg
from oslo_messaging import serializer

from nova_lockstatus.tests.fixtures import base

TRANSPORT = os.environ.get('NOVA_LOCKSTATUS_TEST_TRANSPORT',
                           'rabbit://guest:guest@127.0.0.1:5672/')

TIMEOUT = 30


class Consumer:
    """Puts what it hears into a queue, as any consumer's endpoint."""

    def __init__(self):
        self.heard = queue.Queue()

    def info(self, context, publisher_id, event_type, payload, metadata):
        self.heard.put((event_type, payload))
        return oslo_messaging.NotificationResult.HANDLED


class RabbitTestCase(base.NovaTestCase):

    def setUp(self):
        super().setUp()
        url = oslo_messaging.TransportURL.parse(cfg.CONF, TRANSPORT)
        try:
            socket.create_connection(
                (url.hosts[0].hostname, url.hosts[0].port or 5672),
                timeout=2).close()
        except OSError as error:
            self.skipTest('There is no RabbitMQ at %s: %s' % (
                url.hosts[0].hostname, error))
        self.topic = 'lockstatus-' + uuid.uuid4().hex
        transport = oslo_messaging.get_notification_transport(
            cfg.CONF, url=TRANSPORT)
        self.addCleanup(transport.cleanup)
        self.addCleanup(self.delete_queue)
        self.listen(transport)
        notifier = oslo_messaging.Notifier(
            transport, driver='messagingv2', topics=[self.topic],
            serializer=rpc.RequestContextSerializer(
                serializer.NoOpSerializer()))
        # Nova's test fixture puts a notifier here that sends nothing.
        self.useFixture(fixtures.MonkeyPatch(
            'nova.rpc.get_versioned_notifier',
            lambda publisher_id: notifier.prepare(publisher_id=publisher_id)))

    def listen(self, transport):
        self.consumer = Consumer()
        listener = oslo_messaging.get_notification_listener(
            transport, [oslo_messaging.Target(topic=self.topic)],
            [self.consumer], executor='threading')
        thread = threading.Thread(target=listener.start)
        thread.start()
        thread.join()
        self.addCleanup(listener.wait)
        self.addCleanup(listener.stop)

    def delete_queue(self):
        with kombu.Connection(
                TRANSPORT.replace('rabbit:', 'amqp:')) as connection:
            connection.channel().queue_delete(self.topic + '.info')

    def test_lock_and_unlock(self):
        server_id = self.nova.boot_server('db')
        while not self.consumer.heard.empty():
            self.consumer.heard.get()
        self.lock(server_id, 'admin', 'unpaid \U0001f512')
        self.nova.request('POST', '/v2.1/servers/%s/action' % server_id,
                          'admin', {'unlock': None})
        heard = {}
        while 'lockstatus.unlock' not in heard:
            event_type, payload = self.consumer.heard.get(timeout=TIMEOUT)
            self.assertNotIn(event_type, heard)
            heard[event_type] = payload['nova_object.data']
        self.assertEqual({'instance.lock', 'lockstatus.lock',
                          'instance.unlock', 'lockstatus.unlock'},
                         {event for event in heard if 'lock' in event})
        lock = heard['lockstatus.lock']
        self.assertEqual(
            (server_id, True, 'admin', 'unpaid \U0001f512'),
            (lock['uuid'], lock['locked'], lock['locked_by'],
             lock['locked_reason']))
        self.assertEqual('unpaid \U0001f512',
                         heard['instance.lock']['locked_reason'])
        unlock = heard['lockstatus.unlock']
        self.assertEqual((False, None, None), (
            unlock['locked'], unlock['locked_by'], unlock['locked_reason']))
