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

"""Holds the samples of os-server-locks against real answers.

Run with GENERATE_SAMPLES=1 in the environment to write them anew.
"""

import json
import pathlib
from typing import Any

import testtools

from nova_lockstatus.extensions import server_locks
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures import server_locks_case as case
from nova_lockstatus.tests.fixtures.api_samples import VOLATILE

SAMPLES = repository.DOC / 'api_samples' / server_locks.ServerLocks.alias


class ApiSamplesTestCase(base.NovaTestCase):

    options: dict[str, Any] = {'config': case.EXTENSIONS}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('billing-1')

    def setUp(self):
        super().setUp()
        sample = json.loads((SAMPLES / 'server-lock-req.json').read_text())
        self.act(sample, 'owner')
        self.act({'lock': {'level': 'delete',
                           'locked_reason': 'legal hold 17'}}, 'admin')

    def act(self, body, token):
        answer = self.nova.request(
            'POST', '/v2.1/servers/%s/action' % self.server_id, token, body)
        self.assertEqual(202, answer.status_code, answer.text)

    def assertSample(self, name, answer, code=200):
        self.assertEqual(code, answer.status_code, answer.text)
        self.assert_sample(
            SAMPLES / (name + '.json'),
            json.dumps(answer.json, indent=4, ensure_ascii=False), VOLATILE)

    def test_show(self):
        self.assertSample('server-get-resp', self.nova.request(
            'GET', '/v2.1/servers/' + self.server_id, 'owner'))

    def test_protected(self):
        self.assertSample('server-protected-409-resp', self.nova.request(
            'DELETE', '/v2.1/servers/' + self.server_id, 'owner'), 409)


class SamplesTestCase(testtools.TestCase):

    def test_every_sample_is_produced(self):
        source = pathlib.Path(__file__).read_text()
        for path in SAMPLES.iterdir():
            self.assertIn("'%s" % path.stem, source)
