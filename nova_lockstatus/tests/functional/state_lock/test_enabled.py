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

"""Each pipeline has the extensions that it is given."""

from nova_lockstatus import exception
from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import state_lock_requests as requests
from nova_lockstatus.tests.fixtures.state_lock_case import APIS
from nova_lockstatus.tests.fixtures.state_lock_case import RENAME
from nova_lockstatus.tests.fixtures.state_lock_case import StateLockTestCase


class EnabledTestCase(StateLockTestCase):
    """Each pipeline has the extensions that it is given."""

    def test_alone(self):
        server_id = self.boot()
        self.lock(server_id, 'owner', 'mine')
        app = base.load_app(enabled_extensions='os-server-state-lock')
        path = '/v2.1/servers/' + server_id
        for method, end, body in (
                ('PUT', '', RENAME),
                ('POST', '/action', {'os-stop': None}),
                ('POST', '/action', {
                    'addFixedIp': {'networkId': requests.UUID}})):
            answer = base.ask(app, method, path + end, 'owner', body=body)
            self.assert_locked(answer, server_id)
        answer = base.ask(app, 'POST', path + '/action', 'owner',
                          body={'unlock': None})
        self.assertEqual(202, answer.status_code, answer.text)

    def test_off(self):
        server_id = self.boot()
        self.lock(server_id, 'owner', 'mine')
        path = '/v2.1/servers/' + server_id
        for app in (base.load_app(enabled_extensions=(
                'os-server-locked-status')), base.load_app(pipelines=())):
            answer = base.ask(app, 'PUT', path, 'owner', body=RENAME)
            self.assertEqual(200, answer.status_code, answer.text)
            answer = base.ask(app, 'POST', path + '/action', 'owner',
                              body={'os-stop': None})
            self.assertEqual(409, answer.status_code, answer.text)

    def test_exempt(self):
        server_id = self.boot()
        self.lock(server_id, 'owner', 'mine')
        self.configure('lockstatus', state_lock_exempt=[
            'PUT /servers/{server_id}/tags/{tag}', 'PUT /servers/{id}',
            'os-stop'])
        app = base.load_app(enabled_extensions='os-server-state-lock')
        for api in APIS:
            path = api + '/servers/' + server_id
            for method, end, body, version, status in (
                    ('PUT', '/tags/red', None, '2.26', (201, 204)),
                    ('PUT', '', RENAME, '2.26', (200,)),
                    ('DELETE', '/tags', None, '2.26', (409,)),
                    ('POST', '/action', {'createImage': {'name': 'x'}},
                     '2.26', (409,)),
                    # Stock Nova refuses it still.
                    ('POST', '/action', {'os-stop': None}, '2.26', (409,))):
                if api.startswith('/v2/') and 'tags' in end:
                    continue
                answer = base.ask(app, method, path + end, 'owner', version,
                                  body)
                self.assertIn(answer.status_code, status, answer.text)

    def test_unknown_exemption_stops_the_start(self):
        for name in ('reboots', 'PUT /servers/{id}/tag', 'lock', 'unlock',
                     'GET /servers', 'POST /servers', 'os-getConsoleOutput',
                     'put /servers/{id}', 'PUT', ''):
            self.configure('lockstatus', state_lock_exempt=['reboot', name])
            error = self.assertRaises(
                exception.InvalidExemption, base.load_app,
                enabled_extensions='os-server-state-lock')
            self.assertIn("'%s'" % name, str(error))
        base.load_app(enabled_extensions='os-server-locked-status')

    def test_every_call_that_is_refused_can_be_exempt(self):
        names = {name for name, *_rest in state_lock.calls()}
        self.assertEqual(
            set(requests.CHANGES) & names,
            state_lock_calls.exempt(set(requests.CHANGES) & names, names))
