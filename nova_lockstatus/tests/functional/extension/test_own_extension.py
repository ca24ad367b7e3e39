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

from nova_lockstatus.embedded import identity
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
        project = repository.read_toml(EXAMPLE / 'pyproject.toml')['project']
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

    def ask_rack(self, path, token='admin', microversion=None):
        return self.nova.request('GET', path, token,
                                 microversion=microversion)

    def test_resource(self):
        project = identity.ADMIN.project_id
        for path, versions in (
                ('/v2.1/os-racks/r7', ('2.1', '2.50', 'latest')),
                ('/v2.1/%s/os-racks/r7' % project, ('2.1', 'latest')),
                ('/v2/%s/os-racks/r7' % project, (None,)),
                ('/v2/os-racks/r7', (None,))):
            for version in versions:
                answer = self.ask_rack(path, microversion=version)
                self.assertEqual(
                    (200, {'rack': {'id': 'r7', 'room': 'north'}}),
                    (answer.status_code, answer.json), path)

    def test_resource_refuses(self):
        for path, token, status in (
                ('/os-racks/r7', 'owner', 403),
                ('/os-racks/r9', 'admin', 404),
                ('/os-racks/r7?room=north', 'admin', 400),
                ('/os-racks/r7?_method=DELETE', 'admin', 404),
                ('/os-racks', 'admin', 404),
                ('/%s/os-racks/r7' % identity.OWNER.project_id, 'admin',
                 400)):
            answer = self.ask_rack('/v2.1' + path, token)
            self.assertEqual(status, answer.status_code,
                             (path, answer.text))

    def test_resource_is_not_in_other_pipelines(self):
        stock = base.load_app(pipelines=())
        other = base.load_app(enabled_extensions='os-server-locked-status')
        expected = base.ask(stock, 'GET', '/v2.1/os-racks/r7', 'admin')
        self.assertEqual(404, expected.status_code)
        for app in (stock, other):
            for path in ('/v2.1/os-racks/r7', '/v2/os-racks/r7'):
                answer = base.ask(app, 'GET', path, 'admin')
                self.assertEqual((404, expected.body),
                                 (answer.status_code, answer.body))

    def test_listed(self):
        answer = self.nova.request(
            'GET', '/v2.1/extensions/os-server-rack', 'owner')
        self.assertEqual('ServerRack', answer.json['extension']['name'])

    def test_beside_the_plugins_own(self):
        self.assertEqual(base.UNLOCKED,
                         base.lock_of(self.show(self.servers['r7'])))
