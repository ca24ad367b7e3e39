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

"""Pins the statements of a lock that holds: it needs none of its own."""

import functools
import threading

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import state_lock_requests as requests
from nova_lockstatus.tests.fixtures.state_lock_case import EXTENSIONS
from nova_lockstatus.tests.fixtures.state_lock_case import CachedNetwork
from nova_lockstatus.tests.fixtures.state_lock_case import FloatingIp

RENAME = {'server': {'name': 'renamed'}}


class StatementsTestCase(base.NoHeartbeatsTestCase):

    options = {'config': EXTENSIONS}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apps = {
            'on': base.load_app(enabled_extensions='os-server-state-lock'),
            'off': base.load_app(pipelines=())}
        cls.server_id = cls.nova.boot_server('db', networks='auto')

    def count(self, app, method, path, body, token, status,
              statements=base.statements):
        """Return how many statements a call makes, at the least."""
        tries = []
        for _ in range(4):
            with statements() as executed:
                answer = base.ask(
                    self.apps[app], method,
                    '/v2.1/servers/%s%s' % (self.server_id, path), token,
                    '2.26', body)
            self.assertEqual(status, answer.status_code, answer.text)
            tries.append(len(executed))
        return min(tries)

    def assert_none_more(self, *call):
        stock = self.count('off', *call)
        self.assertGreater(stock, 1)
        self.assertEqual(stock, self.count('on', *call), call)

    def test_changes_of_an_unlocked_server(self):
        for call in (('PUT', '', RENAME, 'owner', 200),
                     ('PUT', '/tags', {'tags': ['red']}, 'owner', 200),
                     ('DELETE', '/os-server-password', None, 'owner', 204),
                     ('POST', '/metadata', {'metadata': {'a': 'b'}}, 'owner',
                      200)):
            self.assert_none_more(*call)

    def test_locked(self):
        self.lock(self.server_id, 'admin', 'unpaid')
        self.addCleanup(
            self.nova.request, 'POST', '/v2.1/servers/%s/action'
            % self.server_id, 'admin', {'unlock': None})
        for call in (('PUT', '', RENAME, 'admin', 200),
                     ('PUT', '/tags', {'tags': ['red']}, 'admin', 200),
                     ('GET', '', None, 'owner', 200),
                     ('GET', '/metadata', None, 'owner', 200),
                     ('GET', '/tags', None, 'owner', 200),
                     ('POST', '/action', {'os-getConsoleOutput': {}},
                      'owner', 200),
                     ('POST', '/action', {'os-stop': None}, 'owner', 409)):
            self.assert_none_more(*call)

    def test_refused_before_anything_else_is_read(self):
        call = ('PUT', '/tags', {'tags': ['red']}, 'owner')
        accepted = self.count('on', *call, 200)
        self.lock(self.server_id, 'admin', 'unpaid')
        self.addCleanup(
            self.nova.request, 'POST', '/v2.1/servers/%s/action'
            % self.server_id, 'admin', {'unlock': None})
        self.assertLess(self.count('on', *call, 409), accepted)

    def test_address_of_another_server(self):
        """The one call that needs more: the other server has to be read."""
        holder = self.nova.boot_server('holder', networks='auto')
        port = self.nova.request(
            'GET', '/v2.1/servers/%s/os-interface' % holder, 'owner',
        ).json['interfaceAttachments'][0]
        self.useFixture(FloatingIp(port))
        self.useFixture(CachedNetwork())
        call = ('POST', '/action',
                {'addFloatingIp': {'address': requests.ADDRESS}}, 'owner',
                # Nova refreshes caches in other threads, and the other
                # server's cell is asked in one.
                202, functools.partial(base.statements,
                                       thread=threading.get_ident()))
        self.assertEqual(
            self.count('on', *call), self.count('off', *call) + 1)
