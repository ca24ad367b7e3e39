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

"""The files of contrib, applied to what each tool makes of api-paste.ini."""

import pathlib
import re
import shlex

import fixtures
import yaml

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import devstack
from nova_lockstatus.tests.fixtures import paste_app
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures import shell_stubs

STOCK = ('nova-27-to-31.ini', 'nova-32-to-34.ini')


def stock(name):
    return (repository.API_PASTE / name).read_text()


def values(*path):
    """Return what a YAML file of contrib has."""
    return yaml.safe_load(repository.CONTRIB.joinpath(*path).read_text())


class PasteTestCase(base.NovaTestCase):

    options = {'filter': False}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('web')

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).join('api-paste.ini'))

    def keys(self, text):
        self.path.write_text(paste_app.loadable(text))
        return paste_app.keys_of_both(self.path, self.server_id)

    def check(self, before, after):
        """Check that both APIs have the plugin after the change only."""
        self.assertEqual([{}, {}], self.keys(before))
        self.assertEqual([base.UNLOCKED, base.UNLOCKED], self.keys(after))

    def test_openstack_ansible(self):
        """config_template merges the variable into the file of Nova."""
        variables = values('openstack-ansible', 'user_nova_lockstatus.yml')
        self.assertEqual(['nova-lockstatus'],
                         variables['nova_user_pip_packages'])
        for name in STOCK:
            parser = paste_app.parse(stock(name))
            before = paste_app.render(parser)
            parser.read_dict(variables['nova_api_paste_ini_overrides'])
            self.check(before, paste_app.render(parser))

    def test_openstack_helm(self):
        """helm merges the values, and the chart writes conf.paste sorted."""
        paste = values('openstack-helm', 'lockstatus.yaml')['conf']['paste']
        parser = paste_app.parse(stock('charts-sorted.ini'))
        before = paste_app.render(parser)
        parser.read_dict(paste)
        merged = paste_app.parse('')
        for section in sorted(parser.sections()):
            merged[section] = dict(sorted(parser[section].items()))
        self.check(before, paste_app.render(merged))

    def test_puppet_nova(self):
        """The provider sets one option of one section for each resource."""
        resources = values('puppet-nova', 'nova_lockstatus.yaml')[
            'nova::config::nova_api_paste_ini']
        for name in STOCK:
            parser = paste_app.parse(stock(name))
            before = paste_app.render(parser)
            for title, resource in resources.items():
                section, option = title.split('/', 1)
                parser.read_dict({section: {option: resource['value']}})
            self.check(before, paste_app.render(parser))

    def test_kolla_ansible(self):
        """The image's layer edits the api-paste.ini of the image below."""
        layer = (repository.CONTRIB / 'kolla-ansible'
                 / 'template-overrides.j2').read_text().replace('\\\n', '')
        call, = re.findall('/bin/nova-lockstatus (enable .*)', layer)
        command = [str(self.path) if word == '/etc/nova/api-paste.ini'
                   else word for word in shlex.split(call)]
        self.assertIn(str(self.path), command)
        for name in STOCK:
            before = paste_app.loadable(stock(name))
            self.path.write_text(before)
            done = commands.run(*command)
            self.assertEqual(0, done.code, done.err)
            self.check(before, self.path.read_text())

    def test_charm_nova_cloud_controller(self):
        """The unit's script edits what the charm's template makes."""
        stubs = self.useFixture(shell_stubs.ShellStubs('systemctl'))
        script = (repository.CONTRIB / 'charm-nova-cloud-controller'
                  / 'nova-lockstatus-enable')
        before = paste_app.loadable(stock('charm.ini'))
        self.path.write_text(before)
        for calls in (['systemctl restart apache2'], []):
            done = stubs.run(script, self.path)
            self.assertEqual(0, done.returncode, done.stdout)
            self.assertEqual(calls, stubs.calls())
        self.check(before, self.path.read_text())

    def test_devstack(self):
        """DevStack copies the file of Nova before the plugin edits it."""
        plugin = self.useFixture(devstack.DevStack(self.path, real=True))
        for name in STOCK:
            before = paste_app.loadable(stock(name))
            self.path.write_text(before)
            plugin.source('stack', 'post-config', services='n-api')
            after = self.path.read_text()
            self.check(before, after)
            self.path.write_text(after)
            plugin.source('clean', services='n-api')
            self.assertEqual(before, self.path.read_text())
