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

"""Holds the samples of os-locks against real answers.

Run with GENERATE_SAMPLES=1 in the environment to write them anew.
"""

import json
import pathlib

import testtools

from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.scope_locks_case import ScopeLocksTestCase

SAMPLES = repository.DOC / 'api_samples' / 'os-locks'


class ApiSamplesTestCase(ScopeLocksTestCase):

    def sample(self, name):
        return json.loads((SAMPLES / (name + '.json')).read_text())

    def assertSample(self, name, answer, code=200):
        self.assertEqual(code, answer.status_code, answer.text)
        ids = [lock['id'] for lock in answer.json.get(
            'locks', [answer.json.get('lock', {'id': 'none'})])]
        self.assert_sample(
            SAMPLES / (name + '.json'),
            json.dumps(answer.json, indent=4, ensure_ascii=False),
            (*((each, '5e2f7a60-3b1c-4d08-9a55-0f6d8c1e7b%02d'
                           % number) for number, each in enumerate(ids)),
             (r'"locked_at": "[^"]*"', '"locked_at": "2026-11-30T08:00:00Z"')))

    def test_create_and_update(self):
        answer = self.ask('POST', '/os-locks',
                          body=self.sample('lock-create-req'))
        self.assertSample('lock-create-resp', answer, 201)
        path = '/os-locks/' + answer.json['lock']['id']
        self.assertSample('lock-show-resp', self.ask('GET', path))
        self.assertSample('lock-update-resp', self.ask(
            'PUT', path, body=self.sample('lock-update-req')))

    def test_lists(self):
        self.ask('POST', '/os-locks', body=self.sample('lock-create-req'))
        self.assertSample('lock-list-resp', self.ask('GET', '/os-locks'))
        self.lock(self.server_id, 'owner', 'my own')
        self.addCleanup(self.ask, 'POST', '/servers/%s/action'
                        % self.server_id, 'owner', {'unlock': None})
        self.assertSample('server-lock-list-resp', self.ask(
            'GET', '/servers/%s/os-locks' % self.server_id, 'owner'))


class SamplesTestCase(testtools.TestCase):

    def test_every_sample_is_produced(self):
        source = pathlib.Path(__file__).read_text()
        for path in SAMPLES.iterdir():
            self.assertIn("'%s" % path.stem, source)
