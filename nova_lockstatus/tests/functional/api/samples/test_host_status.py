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

"""Holds the samples of host_status against real answers.

Run with GENERATE_SAMPLES=1 in the environment to write them anew.
"""

import json
import pathlib

from nova_lockstatus.extensions import server_host_status
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.api_samples import VOLATILE
from nova_lockstatus.tests.fixtures.host_status_case import HostStatusTestCase

ALIAS = server_host_status.ServerHostStatus.alias

SAMPLES = repository.DOC / 'api_samples' / ALIAS


class HostStatusApiSamplesTestCase(HostStatusTestCase):
    """A server on a host that reports, and one that does not."""

    options = {**HostStatusTestCase.options,
               'paste_options': {'enabled_extensions': ALIAS}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('billing-1', host='compute1')
        cls.second_id = cls.nova.boot_server('billing-2', host='compute2')

    def setUp(self):
        super().setUp()
        self.silence('compute2')

    def assertSample(self, name, path, status=200):
        answer = self.nova.request('GET', '/v2.1/servers' + path, 'admin')
        self.assertEqual(status, answer.status_code, answer.text)
        self.assert_sample(
            SAMPLES / (name + '.json'),
            json.dumps(answer.json, indent=4, ensure_ascii=False),
            ((self.second_id, '1bd06f5e-5b5b-4c0f-8a4f-0e6e3a7b1c52'),
             *VOLATILE))

    def test_show(self):
        self.assertSample('server-get-resp', '/' + self.server_id)

    def test_details(self):
        self.assertSample(
            'servers-detail-resp',
            '/detail?all_tenants=1&sort_key=display_name&sort_dir=asc')

    def test_list_of_those_on_hosts_that_do_not_run(self):
        self.assertSample(
            'servers-list-filtered-resp',
            '?all_tenants=1&host_status=DOWN,UNKNOWN&limit=1')

    def test_state_that_no_host_can_have(self):
        self.assertSample('servers-list-bad-filter-resp',
                          '?all_tenants=1&host_status=BROKEN', 400)

    def test_every_sample_is_produced(self):
        source = pathlib.Path(__file__).read_text()
        for path in SAMPLES.iterdir():
            self.assertIn("'%s'" % path.stem, source)
