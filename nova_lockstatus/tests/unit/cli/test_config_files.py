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

"""Which configuration files nova-api reads."""

import pathlib
import sys

import fixtures
import testtools

from nova_lockstatus.cli import config_files


class ConfigFilesTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.EnvironmentVariable('HOME', str(self.home)))
        self.etc = self.home / 'etc'
        self.nova = self.home / '.nova'

    def make(self, *paths):
        """Make empty files, and directories where a name ends in .d."""
        for path in paths:
            path.parent.mkdir(exist_ok=True)
            if path.suffix == '.d':
                path.mkdir()
            else:
                path.touch()

    def install_nova(self, *scripts):
        """Make the metadata of a Nova, which stand before the real ones."""
        site = self.useFixture(fixtures.TempDir()).path
        info = pathlib.Path(site, 'nova-31.0.0.dist-info')
        info.mkdir()
        (info / 'METADATA').write_text('Name: nova\nVersion: 31.0.0\n')
        (info / 'entry_points.txt').write_text(
            '[console_scripts]\n' + ''.join(
                '%s = nova:main\n' % script for script in scripts))
        self.useFixture(fixtures.MonkeyPatch('sys.path', [site, *sys.path]))

    def find(self, **environ):
        return config_files.of_nova_api(environ, str(self.etc))

    def check(self, files, directories, **environ):
        self.assertEqual(
            config_files.ConfigFiles([str(path) for path in files],
                                     [str(path) for path in directories]),
            self.find(**environ))

    def test_wsgi_server(self):
        self.install_nova('nova-manage')
        files = [self.etc / 'api-paste.ini', self.etc / 'nova.conf']
        # What the script reads.
        self.make(*files, self.nova / 'nova.conf', self.nova / 'nova-api.conf',
                  self.nova / 'nova-api.conf.d')
        self.check(files, [])
        folders = [self.nova / 'nova.conf.d',
                   self.nova / 'nova-api-os-compute.conf.d']
        self.make(*folders)
        self.check(files, folders)

    def test_script(self):
        self.install_nova('nova-api')
        self.make(self.etc / 'api-paste.ini', self.etc / 'nova.conf')
        files = [self.nova / 'nova.conf', self.home / 'nova-api.conf']
        folders = [self.nova / 'nova.conf.d', self.nova / 'nova-api.conf.d']
        self.make(*files, *folders, self.nova / 'nova-api-os-compute.conf.d')
        self.check(files, folders)

    def test_a_variable_tells_of_a_wsgi_server(self):
        self.install_nova('nova-api')
        self.make(self.nova / 'nova.conf', self.home / 'api-paste.ini')
        self.check([self.home / 'api-paste.ini', self.home / 'nova.conf'], [],
                   OS_NOVA_CONFIG_DIR=' %s\n' % self.home)
        self.check([self.etc / 'nova.conf', '/a.conf'], [],
                   OS_NOVA_CONFIG_FILES='no.ini;nova.conf;/a.conf')

    def test_watch(self):
        def find(**environ):
            return config_files.of_watch(environ, 'nova-lockstatus-watch')

        self.install_nova('nova-api')
        self.make(self.nova / 'nova.conf')
        self.assertIsNone(find())
        folder = {'OS_NOVA_CONFIG_DIR': str(self.etc)}
        files = [str(self.etc / name) for name in (
            'api-paste.ini', 'nova.conf', 'nova-lockstatus-watch.conf')]
        self.assertEqual(files[1:2], find(**folder))
        self.make(*map(pathlib.Path, files))
        self.assertEqual(files, find(**folder))
        self.assertEqual(['/etc/nova/other.conf'],
                         find(OS_NOVA_CONFIG_FILES='no.ini;other.conf'))

    def test_arguments(self):
        self.assertEqual(
            ['--config-file', 'a', '--config-file', 'b', '--config-dir', 'c'],
            config_files.ConfigFiles(['a', 'b'], ['c']).arguments())
        self.assertEqual([], config_files.ConfigFiles([], []).arguments())
