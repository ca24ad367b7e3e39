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

"""Unmodified clients see the fields: at their default and pinned to old."""

import ddt

from nova_lockstatus.tests.fixtures import client_base
from nova_lockstatus.tests.fixtures import releases

# What the OpenStackClient, python-novaclient and openstacksdk ask for unless
# they are told otherwise: nothing, 2.1 and what client and cloud both know.
NOVACLIENT = '''
import json
import novaclient.client
import openstack

region = openstack.connect().config
client = novaclient.client.Client(%(version)r, session=region.get_session())
server = client.servers.get(%(id)r)
listed = {found.id: found for found in client.servers.list()}[%(id)r]
keys = %(keys)r
print(json.dumps({
    'version': client.api_version.get_string(),
    'shown': {key: getattr(server, key, 'absent') for key in keys},
    'listed': {key: getattr(listed, key, 'absent') for key in keys}}))
'''

NOVACLIENT_HYPERVISORS = '''
import json
import novaclient.client
import openstack

region = openstack.connect().config
client = novaclient.client.Client('2.1', session=region.get_session())
print(json.dumps({
    found.hypervisor_hostname: [found.disabled_reason, found.forced_down]
    for found in client.hypervisors.list()}))
'''

SDK = '''
import json
import openstack

compute = openstack.connect(**%(options)r).compute
server = compute.get_server(%(id)r)
listed = {found.id: found for found in compute.servers()}[%(id)r]
raw = compute.get('/servers/' + %(id)r).json()['server']
print(json.dumps({
    'version': compute.default_microversion,
    'shown': [getattr(server, key) for key in %(attributes)r],
    'listed': [getattr(listed, key) for key in %(attributes)r],
    'raw': {key: raw.get(key, 'absent') for key in %(keys)r}}))
'''

KEYS = ('locked', 'locked_by', 'locked_reason')

SDK_ATTRIBUTES = (('is_locked', 'locked_reason')
                  if releases.SDK_KNOWS_REASONS else ('is_locked',))

LOCKED = {'locked': True, 'locked_by': 'admin',
          'locked_reason': 'unpaid invoice 4711'}

ABSENT = dict.fromkeys(KEYS, 'absent')


@ddt.ddt
class ClientsTestCase(client_base.ClientTestCase):

    def setUp(self):
        super().setUp()
        self.server = self.ids['billing-1']

    @ddt.data(None, '2.1', '2.8', '2.72', '2.73', '2.90')
    def test_openstackclient_shows_a_server(self, version):
        pin = ['--os-compute-api-version', version] if version else []
        shown = self.json(*pin, 'server', 'show', 'billing-1')
        self.assertTrue(shown['locked'])
        if releases.SDK_KNOWS_REASONS:
            self.assertEqual('unpaid invoice 4711', shown['locked_reason'])

    @ddt.data('2.1', '2.8')
    def test_openstackclient_without_the_plugin(self, version):
        shown = self.json('--os-compute-api-version', version,
                          'server', 'show', 'billing-1', at='stock')
        self.assertIsNone(shown.get('locked'))
        self.assertIsNone(shown.get('locked_reason'))

    def test_openstackclient_shows_the_host_status(self):
        shown = self.json('--os-compute-api-version', '2.1', 'server', 'show',
                          self.ids['cache-1'], cloud='admin')
        self.assertEqual('DOWN', shown['host_status'])

    def novaclient(self, version, keys=KEYS, server=None, **how):
        return self.python(NOVACLIENT % {
            'version': version, 'id': server or self.server, 'keys': keys},
            **how)

    # '2' is what novaclient takes for its default, 2.1 for a session.
    @ddt.data('2', '2.1', '2.8', '2.72', '2.73', '2.90')
    def test_novaclient(self, version):
        seen = self.novaclient(version)
        self.assertEqual((LOCKED, LOCKED), (seen['shown'], seen['listed']))
        if version != '2':
            self.assertEqual(version, seen['version'])

    def test_novaclient_without_the_plugin(self):
        seen = self.novaclient('2.1', at='stock')
        self.assertEqual((ABSENT, ABSENT), (seen['shown'], seen['listed']))

    def test_novaclient_shows_the_host_status(self):
        for version in ('2.1', '2.15'):
            seen = self.novaclient(version, ['host_status'],
                                   self.nova.boot_server('mine', 'admin'),
                                   cloud='admin')
            self.assertEqual({'host_status': 'UP'}, seen['shown'])

    def test_novaclient_lists_hypervisors(self):
        self.assertEqual(
            {'compute1': [None, False],
             'compute2': ['memory module replaced', False],
             'compute3': [None, True]},
            self.python(NOVACLIENT_HYPERVISORS, cloud='admin'))

    def sdk(self, version, **how):
        options = ({'compute_default_microversion': version} if version
                   else {})
        return self.python(SDK % {
            'options': options, 'id': self.server, 'keys': KEYS,
            'attributes': SDK_ATTRIBUTES}, **how)

    @ddt.data(None, '2.1', '2.8', '2.72', '2.73', '2.90')
    def test_sdk(self, version):
        seen = self.sdk(version)
        self.assertEqual(version, seen['version'])
        typed = [True, 'unpaid invoice 4711'][:len(SDK_ATTRIBUTES)]
        self.assertEqual((typed, typed), (seen['shown'], seen['listed']))
        self.assertEqual(LOCKED, seen['raw'])

    def test_sdk_without_the_plugin(self):
        seen = self.sdk('2.1', at='stock')
        self.assertEqual([None] * len(SDK_ATTRIBUTES), seen['shown'])
        self.assertEqual(ABSENT, seen['raw'])
