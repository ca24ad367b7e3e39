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

"""A lock that one process of Nova's API answered for holds in another."""

import json

from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.tests.fixtures import state_lock_requests as requests
from nova_lockstatus.tests.integration import case

# What Neutron would have to be asked for first.
NEEDS_NEUTRON = ('removeFloatingIp', 'DELETE /os-floating-ips/{}')

EXTENSIONS = """
[lockstatus]
enabled_extensions = os-server-locked-status, os-server-state-lock
"""


def calls(server_id, token):
    """Make each call that a lock refuses, of those that a token may make."""
    for name, method, path, _function in state_lock.calls():
        if (name in NEEDS_NEUTRON or name not in requests.CHANGES
                or not path.startswith('/servers/')):
            continue
        request = requests.CHANGES[name][0]
        filled, body = requests.fill(name, path, request, server_id)
        yield {'method': method, 'path': '/v2.1' + filled, 'token': token,
               'microversion': request.microversion, 'body': body}


class StateLockTestCase(case.DatabaseTestCase):
    """Two processes of Nova's API over one database."""

    ROUNDS = 5

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(cls.databases.config, 'a') as config:
            config.write(EXTENSIONS)

    def setUp(self):
        super().setUp()
        self.first, self.second = self.start_workers(
            case.FILTER, 2)
        self.server_id = self.databases.create_server()

    def change(self, worker, body):
        answer, = worker.ask(case.action(
            self.server_id, 'owner', body, '2.73'))
        self.assertEqual(202, answer['status'], answer)

    def assert_refused(self, call, answer):
        self.assertEqual(409, answer['status'], (call, answer))
        self.assertEqual(
            'Instance %s is locked by owner: why' % self.server_id,
            json.loads(answer['body'])['conflictingRequest']['message'],
            call)

    def test_every_call_after_the_answer_is_refused(self):
        """Each first call in the other process sees the lock already."""
        made = list(calls(self.server_id, 'owner'))
        self.assertGreater(len(made), 40)
        for number, call in enumerate(made):
            one, other = ((self.first, self.second), (self.second, self.first)
                          )[number % 2]
            self.change(one, {'lock': {'locked_reason': 'why'}})
            answer, = other.ask(call)
            if answer['status'] == 403:
                # The owner may not make it at all.
                self.assertNotIn('is locked', answer['body'])
            else:
                self.assert_refused(call, answer)
            self.change(other, {'unlock': None})

    def test_calls_at_the_same_time(self):
        """Those that another process begins after the answer, in threads."""
        made = [call for call in calls(self.server_id, 'owner')
                if call['path'].endswith(('/tags', '/tags/red', '/metadata'))
                or call['path'].endswith(self.server_id)]
        self.assertGreater(len(made), 5)
        for _ in range(self.ROUNDS):
            self.change(self.first, {'lock': {'locked_reason': 'why'}})
            for call, answer in zip(made, self.second.ask(*made)):
                self.assert_refused(call, answer)
            self.change(self.second, {'unlock': None})
            rename, = self.first.ask({
                'method': 'PUT', 'path': '/v2.1/servers/' + self.server_id,
                'token': 'owner', 'microversion': '2.1',
                'body': {'server': {'name': 'renamed'}}})
            self.assertEqual(200, rename['status'], rename)

    def test_stock_nova_lets_some_pass(self):
        """Shows that the other tests can fail."""
        stock, = self.start_workers(case.STOCK)
        self.change(self.first, {'lock': {'locked_reason': 'why'}})
        answer, = stock.ask({
            'method': 'PUT', 'path': '/v2.1/servers/' + self.server_id,
            'token': 'owner', 'microversion': '2.1',
            'body': {'server': {'name': 'renamed'}}})
        self.assertEqual(200, answer['status'], answer)
