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

"""Holds the samples of hypervisors against real answers.

Run with GENERATE_SAMPLES=1 in the environment to write them anew.
"""

import json
import pathlib

import testtools

from nova_lockstatus.extensions import hypervisor_status
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures import releases
from nova_lockstatus.tests.fixtures import repository

SAMPLES = (repository.DOC / 'api_samples'
           / hypervisor_status.HypervisorStatus.alias)

VOLATILE = ((r'http://localhost', 'http://controller:8774'),)


STORED = testtools.skipUnless(
    releases.STORED_UPTIMES, 'This Nova does not show uptimes that are stored')


class HypervisorApiSamplesTestCase(base.NovaTestCase):

    options = {'hosts': (),
               'config': {(None, 'service_down_time'): 3600}}

    # No sample has the id of a server.
    server_id = 'no-server'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        services: list[dict[str, object]] = [
            {}, {'disabled': True, 'disabled_reason': 'fan is broken'},
            {'forced_down': True}]
        for number, service in enumerate(services):
            many_hosts.add(
                cls.nova, 'cell1', ['compute-%d' % (number + 1)],
                service={**service, 'uuid': uuid_of('%d' % number)},
                node={'uuid': uuid_of('a%d' % number),
                      'host_ip': '192.0.2.1%d' % number})

    def assertSample(self, name, path, microversion='2.1'):
        answer = self.nova.request('GET', '/v2.1/os-hypervisors' + path,
                                   'admin', microversion=microversion)
        self.assertEqual(200, answer.status_code, answer.text)
        self.assert_sample(
            SAMPLES / (name + '.json'),
            json.dumps(answer.json, indent=4, ensure_ascii=False), VOLATILE)

    def test_list(self):
        self.assertSample('hypervisors-list-resp', '')

    def test_list_of_those_that_are_down(self):
        self.assertSample('hypervisors-list-v2.53-resp',
                          '?state=down&status=enabled&limit=1', '2.53')

    @STORED
    def test_details(self):
        self.assertSample('hypervisors-detail-v2.88-resp',
                          '/detail?status=disabled', '2.88')

    @STORED
    def test_show(self):
        self.assertSample('hypervisors-show-v2.88-resp',
                          '/' + uuid_of('a1'), '2.88')

    def test_every_sample_is_produced(self):
        source = pathlib.Path(__file__).read_text()
        for path in SAMPLES.iterdir():
            self.assertIn("'%s'" % path.stem, source)


def uuid_of(end):
    return 'b1e43b5f-eec1-44e0-9f10-%s' % end.rjust(12, '0')
