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

import errno
import http.server
import socket
import threading
import time
import urllib.request

import fixtures
import prometheus_client
import testtools

from nova_lockstatus import exception
from nova_lockstatus.tests.fixtures import metrics
from nova_lockstatus.utils import http_server
from nova_lockstatus.watch import prometheus_metrics


class Handler(http.server.BaseHTTPRequestHandler):

    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, format, *args):
        pass


class ServeTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0),
                                                      Handler)
        self.addCleanup(self.server.server_close)
        self.port = self.server.server_address[1]

    def start(self):
        stop = threading.Event()
        thread = threading.Thread(target=http_server.serve_until, args=(
            self.server, stop.is_set, 0.01), daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        return thread, stop

    def ask(self):
        with urllib.request.urlopen(
                'http://127.0.0.1:%d/' % self.port, timeout=10) as answer:
            return answer.status

    def test_answers_until_told_to_stop(self):
        thread, stop = self.start()
        self.assertEqual(204, self.ask())
        thread.join(0.05)
        self.assertTrue(thread.is_alive())
        self.assertEqual(204, self.ask())
        stop.set()
        thread.join(10)
        self.assertFalse(thread.is_alive())

    def test_goes_on_when_no_connection_can_be_taken(self):
        get_request = self.server.get_request
        errors = [OSError(errno.EMFILE, 'Too many open files')]

        def fail():
            if errors:
                raise errors.pop()
            return get_request()

        self.useFixture(fixtures.MockPatchObject(
            self.server, 'get_request', fail))
        self.start()
        self.assertEqual(204, self.ask())
        self.assertEqual(
            'A connection to the port %d cannot be accepted: [Errno 24] Too '
            'many open files\n' % self.port, self.log.output)


class ServerTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.registry = prometheus_client.CollectorRegistry()
        prometheus_metrics.Prometheus(self.registry)
        self.port = metrics.free_port()

    def make(self, address='127.0.0.1', port=None):
        server = http_server.BackgroundServer(
            prometheus_client.make_wsgi_app(self.registry), address,
            port or self.port)
        self.addCleanup(server.stop)
        return server

    def assertServed(self, address='127.0.0.1'):
        status, text = metrics.fetch(self.port, address)
        self.assertEqual(200, status)
        self.assertIn('# TYPE nova_lockstatus_fan_out_seconds histogram',
                      text)

    def test_serves_from_start_to_stop(self):
        server = self.make()
        server.bind()
        server.bind()
        before = threading.active_count()
        server.start()
        server.start()
        self.assertEqual(before + 1, threading.active_count())
        self.assertServed()
        server.stop()
        self.assertRaises(ConnectionRefusedError, metrics.fetch, self.port)
        # As with eventlet, after SIGHUP.
        server.start()
        self.assertServed()

    def test_bound_to_the_address_alone(self):
        self.make('127.0.0.2').start()
        self.assertServed('127.0.0.2')
        self.assertRaises(ConnectionRefusedError, metrics.fetch, self.port)

    def test_names_and_ipv6(self):
        self.make('localhost').start()
        self.assertServed('localhost')
        if not socket.has_ipv6:
            self.skipTest('This machine has no IPv6.')
        try:
            self.port = metrics.free_port()
            server = self.make('::1')
            server.start()
        except exception.MetricsPortUnusable as error:
            self.skipTest(str(error))
        self.assertServed('::1')

    def test_port_that_is_in_use(self):
        with socket.create_server(('127.0.0.1', self.port)):
            error = self.assertRaises(exception.MetricsPortUnusable,
                                      self.make().bind)
        self.assertEqual(
            'The metrics cannot be served at the address and the port that '
            '[lockstatus]metrics_bind and metrics_port name, 127.0.0.1 and '
            '%d: Address already in use.' % self.port, str(error))

    def test_two_of_this_program(self):
        self.make().start()
        self.assertRaises(exception.MetricsPortUnusable, self.make().bind)

    def test_address_that_is_elsewhere(self):
        for address in ('192.0.2.1', 'no-such-host.invalid'):
            self.assertRaises(exception.MetricsPortUnusable,
                              self.make(address).bind)

    def test_client_that_says_nothing_holds_up_nobody(self):
        server = self.make()
        server.start()
        with socket.create_connection(('127.0.0.1', self.port)) as silent:
            self.assertServed()
            silent.sendall(b'nonsense\r\n\r\n')
            self.assertServed()
        began = time.monotonic()
        server.stop()
        self.assertLess(time.monotonic() - began, 5)
