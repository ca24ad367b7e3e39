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
import threading
import urllib.request

import fixtures
import testtools

from nova_lockstatus.utils import http_server


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
            'No connection can be taken at port %d: [Errno 24] Too many open '
            'files\n' % self.port, self.log.output)
