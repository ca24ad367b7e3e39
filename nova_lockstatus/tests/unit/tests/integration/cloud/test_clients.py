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

import json
import threading

import fixtures
import requests
import testtools

from nova_lockstatus.tests.integration.cloud import clients

URL = 'http://compute/v2.1'


class Api:
    """Is called by the clients in place of nova-api, and has one server."""

    def __init__(self):
        self.state_lock = True
        self.broken: dict[str, object] = {}
        self.keys: tuple[str, ...] = ('locked', 'locked_by', 'locked_reason')
        self.calls = 0
        self.enough = threading.Event()
        self.server: dict[str, object] = {
            'locked': False, 'locked_by': None, 'locked_reason': None}

    def request(self, method, url, json, headers, timeout):
        path = url.removeprefix(URL).partition('?')[0]
        status, body = {
            'POST /servers/1/action': self.act, 'GET /servers/1': self.show,
            'PUT /servers/1': self.rename, 'GET /servers/detail': self.list,
            'GET /os-hypervisors/detail': self.hypervisors,
        }['%s %s' % (method, path)](json, headers['X-Auth-Token'])
        answer = requests.Response()
        answer.status_code = status
        answer._content = body
        return answer

    def act(self, action, _token):
        [(name, body)] = action.items()
        if name == 'lock':
            self.server.update(locked=True, locked_by='owner', **body)
        elif name == 'unlock':
            self.server.update(locked=False, locked_by=None,
                               locked_reason=None)
            self.calls += 1
            if self.calls == 3:
                self.enough.set()
        elif self.server['locked']:
            return 409, b'{}'
        return 202, b''

    def show(self, _body, _token):
        server = {**self.server, **self.broken}
        return 200, json.dumps({'server': {
            key: server[key] for key in self.keys}}).encode()

    def rename(self, _body, _token):
        return 409 if self.state_lock and self.server['locked'] else 200, b''

    def list(self, _body, _token):
        return 200, json.dumps(
            {'servers': [{**self.server, **self.broken}]}).encode()

    def hypervisors(self, _body, token):
        return 200 if token == 'an admin' else 403, b'{}'


class ClientsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.api = Api()
        self.useFixture(fixtures.MonkeyPatch('requests.request',
                                             self.api.request))

    def call(self, state_lock=True, admin='an admin'):
        return clients.call_until(self.api.enough, clients.Order(
            URL, 'an owner', admin, ['1'], state_lock))

    def test_all_is_well(self):
        found = self.call()
        self.assertEqual([], found['failures'])
        self.assertEqual([[True] * 7], found['shown'])
        self.assertEqual(3, len(found['seconds']['lock']))
        self.assertEqual(7, len(found['seconds']['show, 2.1']))
        self.assertEqual(3, len(found['seconds']['rename of the locked']))

    def test_reason_of_another(self):
        self.api.broken = {'locked_reason': 'of another'}
        failures = self.call()['failures']
        self.assertIn("show, 2.1: locked_reason is 'of another' and not "
                      "'of 1, for the 1. time'", failures)
        self.assertIn("show, latest: locked_reason is 'of another' and not "
                      "'of 1, for the 1. time'", failures)
        self.assertIn("show, 2.1: locked_reason is 'of another' and not None",
                      failures)

    def test_list_with_one_that_is_not_locked(self):
        self.api.broken = {'locked': False}
        self.assertIn('list of the locked: locked is False and not True',
                      self.call()['failures'])

    def test_keys_that_stock_nova_does_not_have(self):
        self.api.keys = ()
        found = self.call()
        self.assertEqual([], found['failures'])
        self.assertEqual([[False] * 7], found['shown'])

    def test_lock_that_does_not_hold(self):
        self.api.state_lock = False
        self.assertEqual({'rename of the locked: 200 '},
                         set(self.call()['failures']))

    def test_lock_that_holds_where_none_should(self):
        self.assertEqual({'rename of the locked: 409 '},
                         set(self.call(state_lock=False)['failures']))

    def test_either_while_the_filter_is_switched(self):
        self.assertEqual([], self.call(state_lock=None)['failures'])
        self.api.state_lock = False
        self.assertEqual([], self.call(state_lock=None)['failures'])

    def test_call_that_is_refused(self):
        found = self.call(admin='another')
        self.assertEqual({'hypervisors: 403 {}'}, set(found['failures']))
        self.assertNotIn('hypervisors', found['seconds'])
