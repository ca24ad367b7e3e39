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

"""Holds the samples in the documentation against real answers.

Run with GENERATE_SAMPLES=1 in the environment to write them anew.
"""

import json
import pathlib

import testtools

from nova_lockstatus.embedded import nova_fixture
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.api_samples import VOLATILE

ALIAS = server_locked_status.ServerLockedStatus.alias

SAMPLES = repository.DOC / 'api_samples' / ALIAS


class ApiSamplesTestCase(base.NovaTestCase):

    options = {'paste_options': {'enabled_extensions': ALIAS}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('billing-1')

    def setUp(self):
        super().setUp()
        self.lock(self.server_id, 'admin', 'unpaid invoice 4711')

    def assertSample(self, name, answer, code=200, **instead):
        self.assertEqual(code, answer.status_code, answer.text)
        body = answer.json
        if instead:
            body['server'].update(instead)
        self.assert_sample(
            SAMPLES / (name + '.json'),
            json.dumps(body, indent=4, ensure_ascii=False), VOLATILE)

    def request(self, method, path='/servers/%s', **kwargs):
        if '%s' in path:
            path = path % self.server_id
        kwargs.setdefault('token', 'owner')
        return self.nova.request(method, '/v2.1' + path, **kwargs)

    def test_show(self):
        self.assertSample('server-get-resp', self.request('GET'))

    def test_show_at_a_newer_microversion(self):
        self.assertSample('server-get-v2.73-resp',
                          self.request('GET', microversion='2.73'))

    def test_show_to_an_admin(self):
        self.assertSample('server-get-admin-resp',
                          self.request('GET', token='admin'))

    def test_list(self):
        self.assertSample('servers-detail-resp',
                          self.request('GET', '/servers/detail'))

    def test_page_of_locked_servers(self):
        self.assertSample('servers-list-locked-resp', self.request(
            'GET', '/servers?locked=true&locked_by=admin&limit=1'))

    def test_refusal(self):
        self.assertSample('server-locked-409-resp', self.request(
            'POST', '/servers/%s/action', body={'os-stop': None}), 409)

    def test_update(self):
        self.assertSample('server-put-resp', self.request(
            'PUT', body={'server': {'name': 'billing-1'}}))

    def test_rebuild(self):
        answer = self.request(
            'POST', '/servers/%s/action', token='admin',
            body={'rebuild': {'imageRef': nova_fixture.IMAGE}})
        self.addCleanup(self.nova.wait_for, self.server_id, 'ACTIVE')
        # A nova-compute that is quick has rebuilt the server before Nova
        # makes the answer.
        self.assertIn(answer.json['server']['status'], ('ACTIVE', 'REBUILD'))
        self.assertSample('server-rebuild-resp', answer, 202,
                          status='REBUILD')

    def test_lock(self):
        sample = json.loads((SAMPLES / 'server-lock-req').with_suffix(
            '.json').read_text())
        path = '/servers/%s/action'
        self.request('POST', path, token='admin', body={'unlock': None})
        answer = self.request('POST', path, token='admin', body=sample)
        self.assertEqual((202, b''), (answer.status_code, answer.body))
        self.assertEqual(
            sample['lock']['locked_reason'],
            self.request('GET').json['server']['locked_reason'])

    def test_extension(self):
        self.assertSample('extensions-get-resp',
                          self.request('GET', '/extensions/' + ALIAS))


class SamplesTestCase(testtools.TestCase):

    def test_every_sample_is_produced(self):
        source = pathlib.Path(__file__).read_text()
        for path in SAMPLES.iterdir():
            self.assertIn("'%s'" % path.stem, source)
