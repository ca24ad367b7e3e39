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

"""Connections that are kept for the next POST."""

import contextlib
import socket
import threading
import time
from unittest import mock

import fixtures

from nova_lockstatus.events.webhook import connection
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.webhook_config import BODY
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase


class KeptTestCase(WebhookTestCase):

    def setUp(self):
        super().setUp()
        certificates = self.useFixture(webhook_server.Certificates())
        self.server = self.useFixture(
            webhook_server.WebhookServer(certificates, keeps_alive=True))
        self.poster = self.client(self.server.url(), parallel=2,
                                  ca_file=certificates.ca_file)
        self.addCleanup(self.close)

    def close(self):
        while kept := self.poster._idle.take():
            kept.close()

    def post(self, times=1):
        for _ in range(times):
            self.assertEqual(204, self.poster.post(BODY, {}).status)

    def test_one_for_several(self):
        self.server.answers = [(200, {}), (404, {}), (503, {}), (200, {})]
        self.server.body = b'why'
        self.assertEqual([200, 404, 503, 200], [
            self.poster.post(BODY, {}).status for _ in range(4)])
        self.assertEqual(1, len(self.server.connections))
        self.assertEqual(4, len(self.server.requests))

    def test_name_is_looked_up_for_each_connection(self):
        looked_up = []
        look_up = socket.getaddrinfo

        def count(*args, **kwargs):
            looked_up.append(args[0])
            return look_up(*args, **kwargs)

        self.useFixture(fixtures.MonkeyPatch('socket.getaddrinfo', count))
        self.post(3)
        self.assertEqual(1, len(looked_up))
        now = time.monotonic
        with mock.patch('time.monotonic',
                        lambda: now() + connection.MAX_AGE_SECONDS + 1):
            self.post()
        self.assertEqual(2, len(looked_up))
        self.assertEqual(2, len(self.server.connections))

    def test_several_at_the_same_time(self):
        self.server.goes_on.clear()
        threads = [threading.Thread(target=self.post) for _ in range(4)]
        for thread in threads:
            thread.start()
        self.assertTrue(self.server.wait_for(4))
        self.server.goes_on.set()
        for thread in threads:
            thread.join(30)
        self.assertEqual(4, len(self.server.connections))
        # Of them, two are kept.
        self.assertEqual(2, len(self.poster._idle._connections))
        self.post(3)
        self.assertEqual(4, len(self.server.connections))

    def test_long_body_is_not_read(self):
        self.server.body = b'a' * (connection.MAX_IGNORED_BYTES + 1)
        self.server.answers = [(200, {}), (200, {})]
        for _ in range(2):
            self.assertEqual(200, self.poster.post(BODY, {}).status)
        self.assertEqual(2, len(self.server.connections))


class ClosedTestCase(WebhookTestCase):
    """A server that ends connections as it likes."""

    def serve(self, *answers):
        """Answer requests over one connection, then over the next one.

        :param answers: for each connection the bytes of each answer; None
            hangs up
        """
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        listener.settimeout(10)
        self.received = []
        self.closed = [threading.Event() for _ in answers]

        def work():
            for number, of_connection in enumerate(answers):
                accepted, _ = listener.accept()
                with accepted, contextlib.suppress(OSError):
                    for answer in of_connection:
                        if not self.receive(accepted):
                            break
                        self.received.append(number)
                        if answer is None:
                            break
                        accepted.sendall(answer)
                self.closed[number].set()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        return self.client(
            'http://127.0.0.1:%d/' % listener.getsockname()[1],
            allow_http_to_loopback=True, timeout=5)

    @staticmethod
    def receive(accepted):
        received = b''
        while not received.endswith(BODY):
            some = accepted.recv(65536)
            if not some:
                return False
            received += some
        return True

    DONE = b'HTTP/1.1 204 No Content\r\n\r\n'

    def test_closed_while_it_was_idle(self):
        client = self.serve([self.DONE], [self.DONE])
        self.assertEqual(204, client.post(BODY, {}).status)
        self.assertTrue(self.closed[0].wait(10))
        self.assertEqual(204, client.post(BODY, {}).status)
        self.assertEqual([0, 1], self.received)

    def test_closed_as_it_is_used_again(self):
        client = self.serve([self.DONE, None], [self.DONE])
        for _ in range(2):
            self.assertEqual(204, client.post(BODY, {}).status)
        self.assertEqual([0, 0, 1], self.received)

    def test_more_than_one_answer(self):
        """What nobody asked for is no answer to the next POST."""
        client = self.serve([self.DONE + b'HTTP/1.1 500 No\r\n\r\n'],
                            [self.DONE])
        for _ in range(2):
            self.assertEqual(204, client.post(BODY, {}).status)
        self.assertEqual([0, 1], self.received)

    def test_body_that_does_not_end(self):
        client = self.serve(
            [b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', None],
            [self.DONE])
        with mock.patch.object(connection, 'MAX_IGNORED_SECONDS', 0.1):
            start = time.monotonic()
            self.assertEqual(200, client.post(BODY, {}).status)
            self.assertLess(time.monotonic() - start, 4)
        self.assertEqual(204, client.post(BODY, {}).status)
