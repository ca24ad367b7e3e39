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

"""What is posted to a webhook, and where."""

import contextlib
import socket
import threading
import time
import traceback
from unittest import mock

import fixtures

from nova_lockstatus import exception
from nova_lockstatus.events.webhook import sender
from nova_lockstatus.events.webhook.client import Response
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.webhook_config import BODY
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase


class PostTestCase(WebhookTestCase):

    def setUp(self):
        super().setUp()
        self.certificates = self.useFixture(webhook_server.Certificates())
        self.server = self.useFixture(
            webhook_server.WebhookServer(self.certificates))

    def tls_client(self, url=None, **options):
        return self.client(url or self.server.url(), **{
            'ca_file': self.certificates.ca_file, **options})

    def test_what_arrives(self):
        answer = self.tls_client().post(BODY, {'Content-Type': 'a/b'})
        self.assertEqual(Response(204), answer)
        (path, headers, body), = self.server.requests
        self.assertEqual(('/hook?a=b', BODY), (path, body))
        self.assertEqual('localhost:%d' % self.server.port, headers['Host'])
        self.assertEqual('a/b', headers['Content-Type'])

    def test_answer(self):
        self.server.answers = [(503, {'Retry-After': '7'})]
        self.assertEqual(Response(503, '7'),
                         self.tls_client().post(BODY, {}))

    def test_redirect_is_not_followed(self):
        other = self.useFixture(
            webhook_server.WebhookServer(self.certificates))
        for status in (301, 302, 303, 307, 308):
            self.server.answers = [(status, {'Location': other.url()})]
            answer = self.tls_client().post(BODY, {})
            self.assertEqual(status, answer.status)
            self.assertFalse(sender.is_accepted(answer.status))
            self.assertTrue(sender.is_final(answer.status))
        self.assertEqual(([], 0), (other.requests, other.gets))
        self.assertEqual((5, 0), (len(self.server.requests),
                                  self.server.gets))

    def test_address_that_is_not_allowed(self):
        # The second is a name of such an address.
        for host in ('127.0.0.1', 'localhost'):
            for networks in ([], ['10.0.0.0/8']):
                client = self.tls_client(self.server.url(host),
                                         networks=networks)
                error = self.assertRaises(exception.WebhookAddressNotAllowed,
                                          client.post, BODY, {})
                self.assertIn('127.0.0.1', str(error))
        self.assertEqual([], self.server.requests)

    def test_address_that_is_checked_is_the_one(self):
        """A name that has another address with the next look."""
        looked_up = []
        found = socket.getaddrinfo('127.0.0.1', self.server.port,
                                   type=socket.SOCK_STREAM)

        def look_up(host, *args, **kwargs):
            looked_up.append(host)
            if len(looked_up) > 1:
                raise AssertionError('It was looked up again')
            return found

        self.useFixture(fixtures.MonkeyPatch('socket.getaddrinfo', look_up))
        self.assertEqual(204, self.tls_client().post(BODY, {}).status)
        self.assertEqual(['localhost'], looked_up)

    def test_only_those_of_a_names_addresses_that_are_allowed(self):
        other = socket.create_server(('127.0.0.2', self.server.port))
        self.addCleanup(other.close)
        other.setblocking(False)
        answered = [(socket.AF_INET, socket.SOCK_STREAM, 6, '',
                     (host, self.server.port))
                    for host in ('127.0.0.2', '127.0.0.1')]
        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', lambda *args, **kwargs: answered))
        client = self.tls_client(networks=['127.0.0.1/32'], timeout=2)
        self.assertEqual(204, client.post(BODY, {}).status)
        self.assertRaises(BlockingIOError, other.accept)

    def test_one_address_is_away(self):
        answered = [(socket.AF_INET, socket.SOCK_STREAM, 6, '',
                     (host, self.server.port))
                    for host in ('127.0.0.9', '127.0.0.1')]
        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', lambda *args, **kwargs: answered))
        self.assertEqual(204, self.tls_client().post(BODY, {}).status)

    def hang_at(self, host, seconds):
        """Have an address connect late, and never begin with TLS."""
        listener = socket.create_server((host, self.server.port))
        self.addCleanup(listener.close)
        connect = socket.socket.connect

        def connect_late(sock, address):
            if address[0] == host:
                time.sleep(seconds)
            return connect(sock, address)

        self.useFixture(fixtures.MonkeyPatch(
            'socket.socket.connect', connect_late))

    def test_timeout_is_for_all_of_it(self):
        self.hang_at('127.0.0.2', 0.9)
        start = time.monotonic()
        self.assertNotReached(
            self.tls_client(self.server.url('127.0.0.2'), timeout=1),
            'timed out')
        self.assertLess(time.monotonic() - start, 1.6)

    def test_one_address_hangs(self):
        """The other one has as much time as it."""
        self.hang_at('127.0.0.2', 0.5)
        answered = [(socket.AF_INET, socket.SOCK_STREAM, 6, '',
                     (host, self.server.port))
                    for host in ('127.0.0.2', '127.0.0.1')]
        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', lambda *args, **kwargs: answered))
        self.assertEqual(204, self.tls_client(timeout=1).post(
            BODY, {}).status)

    def test_no_proxy_is_used(self):
        for name in ('https_proxy', 'HTTPS_PROXY', 'all_proxy'):
            self.useFixture(fixtures.EnvironmentVariable(
                name, 'http://127.0.0.1:1'))
        self.assertEqual(204, self.tls_client().post(BODY, {}).status)

    def assertNotReached(self, client, text):
        error = self.assertRaises(exception.WebhookNotReached, client.post,
                                  BODY, {})
        # As eventlet puts it, or Python.
        self.assertIn(text.lower(), str(error).lower())

    def test_certificate(self):
        # Of an authority that is not known, and of another host.
        self.assertNotReached(self.tls_client(ca_file=None),
                              'CERTIFICATE_VERIFY_FAILED')
        for name, host in (('hooks.example.com', 'localhost'),
                           ('localhost', '127.0.0.1')):
            certificates = self.useFixture(webhook_server.Certificates(
                names=(name,), addresses=()))
            server = self.useFixture(
                webhook_server.WebhookServer(certificates))
            self.assertNotReached(
                self.client(server.url(host), ca_file=certificates.ca_file),
                'CERTIFICATE_VERIFY_FAILED')
            self.assertEqual([], server.requests + self.server.requests)
        # An address in the URL can be in a certificate, too.
        self.assertEqual(204, self.tls_client(self.server.url(
            '127.0.0.1')).post(BODY, {}).status)

    def test_nobody_listens(self):
        with contextlib.closing(socket.socket()) as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
            self.assertNotReached(
                self.client('https://127.0.0.1:%d/' % port), 'refused')

    def test_no_such_name(self):
        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', mock.Mock(side_effect=socket.gaierror(
                socket.EAI_NONAME, 'Name or service not known'))))
        self.assertNotReached(self.tls_client(), 'not known')

    def test_lookup_that_hangs(self):
        goes_on = threading.Event()
        self.addCleanup(goes_on.set)
        looked_up = []

        def hang(host, *args, **kwargs):
            looked_up.append(host)
            goes_on.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, 'Try again')

        self.useFixture(fixtures.MonkeyPatch('socket.getaddrinfo', hang))
        client = self.tls_client(timeout=0.3)
        for _ in range(3):
            start = time.monotonic()
            self.assertNotReached(client, 'timed out')
            self.assertLess(time.monotonic() - start, 5)
        # One thread hangs, and not one for each POST.
        self.assertEqual(['localhost'], looked_up)

    def test_lookup_takes_part_of_the_time(self):
        found = socket.getaddrinfo('127.0.0.1', self.server.port,
                                   type=socket.SOCK_STREAM)

        def look_up_late(*args, **kwargs):
            time.sleep(0.7)
            return found

        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', look_up_late))
        self.server.goes_on.clear()
        start = time.monotonic()
        self.assertNotReached(self.tls_client(timeout=1), 'timed out')
        self.assertLess(time.monotonic() - start, 1.6)

    def test_name_that_no_host_has(self):
        for host in ('a' * 70 + '.example.com', '.localhost'):
            self.assertRaises(
                exception.WebhookNotReached,
                self.client('https://%s/' % host).post, BODY, {})

    def test_answer_that_does_not_come(self):
        self.server.goes_on.clear()
        start = time.monotonic()
        self.assertNotReached(self.tls_client(timeout=0.3), 'timed out')
        self.assertLess(time.monotonic() - start, 5)

    def test_answer_that_comes_bit_by_bit(self):
        """Each bit in time, and the whole never."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        listener.settimeout(10)
        ended = threading.Event()

        def drip():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b'HTTP/1.1 200 OK\r\n')
                while not ended.wait(0.05):
                    connection.sendall(b'X-A: b\r\n')

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(ended.set)
        start = time.monotonic()
        self.assertNotReached(self.client(
            'http://127.0.0.1:%d/' % listener.getsockname()[1], timeout=0.4,
            allow_http_to_loopback=True), 'timed out')
        self.assertLess(time.monotonic() - start, 5)

    def test_no_answer_of_http(self):
        self.assertNotReached(self.client_of(b'SMTP\r\n\r\n'), 'SMTP')

    def client_of(self, answered):
        """Make the client of a webhook that answers anything."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        listener.settimeout(10)

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                with contextlib.suppress(OSError):
                    connection.sendall(answered)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        return self.client(
            'http://127.0.0.1:%d/' % listener.getsockname()[1],
            allow_http_to_loopback=True)

    def test_answer_is_escaped_and_shortened(self):
        for answered in (
                b'\x1b]0;owned\x07\x1b[2J\r\r\r 200', b'a' * 60000,
                b'\x1b' * 60000, b'HTTP/\x1b[31m 200 OK', b'HTTP/1.1 \x9b 0',
                b'HTTP/1.1 200 OK\r\n' + b'A: b\r\n' * 200,
                b'HTTP/1.1 200 OK\r\nA: ' + b'\x1b' * 70000):
            error = self.assertRaises(
                exception.WebhookNotReached,
                self.client_of(answered + b'\r\n\r\n').post, BODY, {})
            self.assertTrue(str(error).isprintable(), repr(str(error)))
            self.assertLess(len(str(error)), 4000)
            # Nor in a traceback.
            told = ''.join(traceback.format_exception(error))
            self.assertTrue(told.replace('\n', '').isprintable(), repr(told))

    def test_http_to_loopback_alone(self):
        server = self.useFixture(webhook_server.WebhookServer())
        client = self.client(server.url('127.0.0.1'),
                             allow_http_to_loopback=True)
        self.assertEqual(204, client.post(BODY, {}).status)
        client = self.client('http://192.0.2.1/', networks=['192.0.2.0/24'],
                             allow_http_to_loopback=True)
        self.assertRaises(exception.WebhookAddressNotAllowed, client.post,
                          BODY, {})
