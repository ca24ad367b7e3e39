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

"""Installs and runs the example of the contributor guide."""

import tomllib

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import packages
from nova_lockstatus.tests.fixtures import repository

EXAMPLE = (repository.DOC / 'source' / 'contributor' / 'example_extension')

RULE = 'os_compute_api:os-server-rack:rack'


class OwnExtensionTestCase(base.NovaTestCase):

    options = {
        'paste_options': {
            'enabled_extensions': 'os-server-locked-status, os-server-rack'},
        'policy': {RULE: 'role:member'},
    }

    @classmethod
    def setUpClass(cls):
        project = tomllib.loads(
            (EXAMPLE / 'pyproject.toml').read_text())['project']
        [(alias, target)] = project['entry-points'][
            packages.NAMESPACE].items()
        module, _, name = target.partition(':')
        package = packages.InstalledPackage(
            module, (EXAMPLE / (module + '.py')).read_text(), {alias: name})
        package.setUp()
        cls.addClassCleanup(package.cleanUp)
        super().setUpClass()
        cls.servers = {}
        for rack in ('r7', None):
            cls.servers[rack] = cls.nova.boot_server('db')
        cls.nova.request(
            'POST', '/v2.1/servers/%s/metadata' % cls.servers['r7'], 'owner',
            {'metadata': {'rack': 'r7'}})

    def test_rack(self):
        for version in ('2.1', 'latest'):
            servers = self.detail(microversion=version)
            for rack, server_id in self.servers.items():
                self.assertEqual(rack, servers[server_id]['rack'])
                self.assertEqual(rack, self.show(
                    server_id, microversion=version)['rack'])

    def test_policy(self):
        self.assertNotIn('rack', self.show(self.servers['r7'], 'reader'))

    def test_listed(self):
        answer = self.nova.request(
            'GET', '/v2.1/extensions/os-server-rack', 'owner')
        self.assertEqual('ServerRack', answer.json['extension']['name'])

    def test_beside_the_plugins_own(self):
        self.assertEqual(base.UNLOCKED,
                         base.lock_of(self.show(self.servers['r7'])))
