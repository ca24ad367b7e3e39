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

"""The installed Nova, with its own api-paste.ini after the command."""

import configparser
import pathlib

import fixtures
import nova.conf
from paste import deploy

from nova_lockstatus.cli.upgrade_check import checks
from nova_lockstatus.cli.upgrade_check import installation
from nova_lockstatus.embedded import paste
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import paste_app
from nova_lockstatus.tests.fixtures import repository


class EnableTestCase(base.NovaTestCase):

    options = {'filter': False}

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).join('api-paste.ini'))
        self.use(pathlib.Path(paste.find()))

    def use(self, path):
        self.stock = paste_app.loadable(
            path.read_bytes().decode()).encode()
        self.path.write_bytes(self.stock)

    def command(self, name):
        done = commands.run(name, '--api-paste', str(self.path), '--yes')
        self.assertEqual(0, done.code, done.err)

    def keys(self):
        """Return which of the keys each of the APIs shows."""
        return paste_app.keys_of_both(
            self.path, self.nova.boot_server('web'))

    def check_both_apis(self):
        self.assertEqual([{}, {}], self.keys())
        self.assertEqual(2, self.check().code)
        self.command('enable')
        self.assertEqual([base.UNLOCKED, base.UNLOCKED], self.keys())
        enabled = self.path.read_bytes()
        self.command('enable')
        self.assertEqual(enabled, self.path.read_bytes())
        self.assertEqual(0, self.check().code)
        self.command('disable')
        self.assertEqual([{}, {}], self.keys())
        self.assertEqual(self.stock, self.path.read_bytes())

    def check(self):
        """Return what the upgrade check says about the file."""
        return checks.check_filter(installation.Installation(
            nova.conf.CONF, {}, str(self.path)))

    def test_both_apis_show_the_fields_while_it_is_enabled(self):
        self.check_both_apis()

    def test_files_of_others(self):
        for name in ('charts-sorted.ini', 'charm.ini'):
            self.use(repository.API_PASTE / name)
            self.check_both_apis()

    def test_what_paste_cannot_load(self):
        """A name without a section, and names that ran together."""
        self.use(repository.API_PASTE / 'charts-sorted.ini')
        self.command('enable')
        enabled = self.path.read_bytes()
        for old, new, named in (
                (b'[filter:audit]', b'[filter:other]', 'audit'),
                (b'authtoken audit', b'authtokenaudit', 'authtokenaudit'),
                (b'lockstatus osapi', b'lockstatusosapi',
                 'lockstatusosapi_compute_app_v21'),
                (b'[pipeline:oscomputeversions]', b'[pipeline:versions]',
                 'oscomputeversions')):
            self.path.write_bytes(enabled.replace(old, new))
            self.assertIn("'%s'" % named, str(self.assertRaises(
                LookupError, deploy.loadapp, 'config:%s' % self.path,
                'osapi_compute')))
            result = self.check()
            self.assertEqual(2, result.code)
            self.assertIn('names %s, and no section says what it is' % named,
                          result.details)

    def test_percent_where_nothing_and_where_something_uses_it(self):
        self.use(repository.API_PASTE / 'charm.ini')
        self.command('enable')
        self.path.write_bytes(self.path.read_bytes().replace(
            b'= faultwrap oscomp', b'= logrequest oscomp'))
        self.assertRaises(configparser.InterpolationError, deploy.loadapp,
                          'config:%s' % self.path, 'osapi_compute')
        self.assertEqual(2, self.check().code)
