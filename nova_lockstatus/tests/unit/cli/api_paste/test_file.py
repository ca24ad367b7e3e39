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

import errno
import os
import pathlib
import stat

import fixtures
import testtools

from nova_lockstatus import exception
from nova_lockstatus.cli.api_paste import file as paste_file
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures.paste_file_case import EDITED
from nova_lockstatus.tests.fixtures.paste_file_case import STOCK
from nova_lockstatus.tests.fixtures.paste_file_case import FileTestCase


class ReplaceTestCase(FileTestCase):

    def test_mode_owner_and_attributes(self):
        os.chmod(self.path, 0o640)
        if os.geteuid() == 0:
            os.chown(self.path, 1234, 4321)
        attributes = self.set_attribute()
        before = self.path.stat()
        self.assertEqual(0, self.run_command('enable', '--yes').code)
        for name in self.names():
            after = (self.folder / name).stat()
            self.assertEqual(
                (before.st_uid, before.st_gid, 0o640),
                (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)))
            self.assertEqual(attributes, {
                attribute: os.getxattr(self.folder / name, attribute)
                for attribute in os.listxattr(self.folder / name)})

    def set_attribute(self):
        name = 'user.lockstatus'
        try:
            os.setxattr(self.path, name, b'kept')
        except OSError as error:
            # Not every file system has attributes of users.
            self.assertEqual(errno.ENOTSUP, error.errno)
        return {name: os.getxattr(self.path, name)
                for name in os.listxattr(self.path)}

    def test_symbolic_link(self):
        target = self.folder / 'real' / 'nova.ini'
        target.parent.mkdir()
        self.path.rename(target)
        self.path.symlink_to('real/nova.ini')
        self.assertEqual(0, self.run_command('enable', '--yes').code)
        self.assertEqual('real/nova.ini', os.readlink(self.path))
        self.assertEqual(EDITED, target.read_bytes())
        self.assertEqual(['nova.ini', 'nova.ini.bak-lockstatus-enable'],
                         sorted(os.listdir(target.parent)))

    def test_bytes_stay(self):
        for content in (STOCK.replace(b'\n', b'\r\n'),
                        '# Größe  \n'.encode() + STOCK.rstrip(b'\n')):
            self.path.write_bytes(content)
            self.assertEqual(0, self.run_command('enable', '--yes').code)
            self.assertNotEqual(content, self.path.read_bytes())
            self.assertEqual(0, self.run_command('disable', '--yes').code)
            self.assertEqual(content, self.path.read_bytes())

    def test_changed_meanwhile(self):
        self.assertIn('somebody else has changed it', str(self.assertRaises(
            exception.PasteFileUnwritable, paste_file.replace,
            str(self.path), 'other', 'new', None)))
        self.assertEqual(STOCK, self.path.read_bytes())

    def test_cannot_be_replaced(self):
        blocked = str(self.folder / 'blocked')
        os.mkdir(blocked)
        # A directory in the place of the backup stands for any such error.
        error = self.assertRaises(
            exception.PasteFileUnwritable, paste_file.replace,
            str(self.path), STOCK.decode(), 'new', blocked)
        self.assertIn('is left as it is, it cannot be replaced: [Errno',
                      str(error))
        self.assertEqual(STOCK, self.path.read_bytes())
        self.assertEqual(['api-paste.ini', 'blocked'], self.names())


class FindTestCase(testtools.TestCase):
    """Which file nova-api reads."""

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.etc = self.home / 'etc'
        self.nova = self.home / '.nova'
        for folder in (self.etc, self.nova):
            folder.mkdir()
        self.useFixture(fixtures.EnvironmentVariable('HOME', str(self.home)))

    def find(self, **environ):
        return paste_file.find(environ, str(self.etc))

    def configure(self, text):
        (self.nova / 'nova.conf').write_text(text)

    def write(self, *parts):
        path = self.home.joinpath(*parts)
        path.write_bytes(STOCK)
        return str(path)

    def refused(self, words, **environ):
        error = self.assertRaises(exception.PasteFileNotFound, self.find,
                                  **environ)
        self.assertIn(words, str(error))
        self.assertTrue(str(error).endswith(
            '; name the file with --api-paste, or set OS_NOVA_CONFIG_DIR and '
            'OS_NOVA_CONFIG_FILES as nova-api has them.'))

    def test_default(self):
        path = self.write('etc', 'api-paste.ini')
        self.assertEqual(path, self.find())

    def test_wsgi_server(self):
        path = self.write('first.ini')
        self.configure('[wsgi]\napi_paste_config = /not/read.ini\n')
        self.assertEqual(path, self.find(
            OS_NOVA_CONFIG_DIR=str(self.home),
            OS_NOVA_CONFIG_FILES='first.ini;nova.conf'))
        path = self.write('api-paste.ini')
        self.assertEqual(path, self.find(OS_NOVA_CONFIG_DIR=str(self.home)))
        path = self.write('etc', 'first.ini')
        self.assertEqual(path, self.find(OS_NOVA_CONFIG_FILES='first.ini'))

    def test_script(self):
        beside = self.write('.nova', 'api-paste.ini')
        self.configure('')
        self.assertEqual(beside, self.find())
        path = self.write('.nova', 'mine.ini')
        self.configure('[wsgi]\napi_paste_config = mine.ini\n')
        self.assertEqual(path, self.find())
        path = self.write('elsewhere.ini')
        for group in ('wsgi', 'DEFAULT'):
            self.configure('[%s]\napi_paste_config = %s\n' % (group, path))
            self.assertEqual(path, self.find())

    def test_the_same_file_on_both_ways(self):
        path = self.write('etc', 'api-paste.ini')
        self.configure('[wsgi]\napi_paste_config = %s\n' % path)
        self.assertEqual(path, self.find())

    def test_one_file_each(self):
        one = self.write('etc', 'api-paste.ini')
        other = self.write('.nova', 'api-paste.ini')
        self.configure('')
        self.refused('nova-api reads %s under a WSGI server, and %s if it is '
                     'the script' % (one, other))

    def test_none(self):
        self.configure('[wsgi]\napi_paste_config = /no/such.ini\n')
        self.refused('There is no %s/api-paste.ini and no /no/such.ini'
                     % self.etc)
        self.refused('There is no /no/api-paste.ini',
                     OS_NOVA_CONFIG_DIR='/no')

    def test_configuration_that_cannot_be_read(self):
        self.configure('no section\n')
        self.refused('nova.conf cannot be read (')

    def test_command(self):
        path = self.write('api-paste.ini')
        self.useFixture(fixtures.EnvironmentVariable(
            'OS_NOVA_CONFIG_DIR', str(self.home)))
        self.assertIn('+++ ' + path, commands.run('enable', '--dry-run').out)
