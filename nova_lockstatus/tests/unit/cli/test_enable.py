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
import pty
import re
import shlex
import stat
import subprocess
import sys

import fixtures
import testtools

from nova_lockstatus import exception
from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.cli.api_paste import file as paste_file
from nova_lockstatus.tests.fixtures import commands

TOP = pathlib.Path(__file__).parents[4]

STOCK = (pathlib.Path(__file__).parents[2] / 'fixtures' / 'api_paste'
         / 'nova-32-to-34.ini').read_bytes()

EDITED = paste_edit.enable(STOCK.decode()).encode()


class FileTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'api-paste.ini'
        self.path.write_bytes(STOCK)

    def run_command(self, command, *options, **streams):
        return commands.run(command, '--api-paste', str(self.path), *options,
                            **streams)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())


class EnableTestCase(FileTestCase):

    def test_enable_and_disable(self):
        done = self.run_command('enable', '--yes')
        self.assertEqual(0, done.code)
        self.assertEqual(
            '%s is changed, as it was it is in %s.bak-lockstatus-enable. '
            'Restart nova-api.\n' % (self.path, self.path), done.err)
        self.assertEqual(EDITED, self.path.read_bytes())
        self.assertEqual(['api-paste.ini',
                          'api-paste.ini.bak-lockstatus-enable'], self.names())
        done = self.run_command('disable', '--yes')
        self.assertEqual(0, done.code)
        self.assertEqual(STOCK, self.path.read_bytes())
        self.assertEqual(
            [STOCK, EDITED, STOCK],
            [(self.folder / name).read_bytes() for name in self.names()])

    def state(self):
        """Return what is another one when the file was written."""
        found = self.path.stat()
        return (found.st_ino, found.st_size,
                found.st_mtime_ns, found.st_ctime_ns)

    def test_second_time(self):
        self.run_command('enable', '--yes')
        before = self.state()
        done = self.run_command('enable')
        self.assertEqual(
            (0, '', '%s: nothing to change, all pipelines of the compute API '
             'have the filter.\n' % self.path),
            (done.code, done.out, done.err))
        self.assertEqual(before, self.state())
        self.run_command('disable', '--yes')
        done = self.run_command('disable')
        self.assertEqual(
            (0, '', '%s: nothing to change, no pipeline has the filter.\n'
             % self.path), (done.code, done.out, done.err))

    def test_dry_run(self):
        before = self.state()
        done = self.run_command('enable', '--dry-run')
        self.assertEqual(0, done.code)
        self.assertEqual(
            '%s is not changed, this is a dry run.\n' % self.path, done.err)
        self.assertEqual(STOCK, self.path.read_bytes())
        self.assertEqual((before, ['api-paste.ini']),
                         (self.state(), self.names()))
        lines = done.out.splitlines()
        self.assertEqual(['--- %s' % self.path, '+++ %s' % self.path],
                         lines[:2])
        self.assertIn('+[filter:lockstatus]', lines)
        self.assertEqual(
            2, len([line for line in lines if line.startswith('-keystone')]))
        self.assertEqual(2, len([line for line in lines if re.match(
            r'\+keystone = .* lockstatus osapi_compute_app_v21$', line)]))

    def test_difference_says_where_no_line_end_is(self):
        self.path.write_bytes(STOCK.rstrip(b'\n').replace(b'\n', b'\r\n'))
        done = self.run_command('enable', '--dry-run')
        self.assertNotIn('\r', done.out)
        self.assertEqual(2, done.out.count(
            '\n\\ No newline at end of file\n'))

    def test_answers(self):
        for answer in ('', '\n', 'n\n', 'no\n', 'yep\n'):
            done = self.run_command('enable',
                                    stdin=commands.Terminal(answer))
            self.assertEqual(1, done.code)
            self.assertIn('[filter:lockstatus]', done.out)
            self.assertEqual(
                'Change %s? [y/N] %s is not changed.\n'
                % (self.path, self.path), done.err)
            self.assertEqual(['api-paste.ini'], self.names())
        for answer in ('y\n', 'YES\n'):
            self.path.write_bytes(STOCK)
            done = self.run_command('enable',
                                    stdin=commands.Terminal(answer))
            self.assertEqual(0, done.code)
            self.assertEqual(EDITED, self.path.read_bytes())

    def start(self, *options, **streams):
        """Start the program as a shell does, so that its output waits."""
        environ = dict(os.environ)
        environ.pop('PYTHONUNBUFFERED', None)
        return subprocess.Popen(
            [sys.executable, '-m', 'nova_lockstatus.cli.main', 'enable',
             '--api-paste', str(self.path), *options],
            stderr=subprocess.PIPE, env=environ, **streams)

    def test_difference_is_shown_before_the_question(self):
        keyboard, terminal = pty.openpty()
        self.addCleanup(os.close, keyboard)
        self.addCleanup(os.close, terminal)
        log = self.folder / 'log'
        # A file keeps what is written waiting as a pipe does, and can be read
        # without waiting.
        with open(log, 'wb') as output:
            process = self.start(stdin=terminal, stdout=output)
        asked = b''
        while letter := process.stderr.read(1):
            asked += letter
            if asked.endswith(b'[y/N] '):
                break
        shown = log.read_bytes()
        os.write(keyboard, b'n\n')
        process.communicate(timeout=60)
        self.assertIn(b'+[filter:lockstatus]\n', shown)
        self.assertEqual(1, process.returncode)

    def test_nobody_sees_the_difference(self):
        reader, writer = os.pipe()
        os.close(reader)
        process = self.start('--yes', stdout=writer)
        os.close(writer)
        self.assertEqual((None, b''), process.communicate())
        self.assertEqual((141, STOCK),
                         (process.returncode, self.path.read_bytes()))

    def test_nobody_to_ask(self):
        done = self.run_command('enable')
        self.assertEqual(
            (1, 'There is no terminal to ask on: add --yes to change %s, or '
             '--dry-run to see what would change.\n' % self.path),
            (done.code, done.err))
        self.assertEqual(STOCK, self.path.read_bytes())

    def test_backup_stays_the_original(self):
        half = EDITED.replace(b'lockstatus osapi', b'osapi', 1)
        backup = self.folder / 'api-paste.ini.bak-lockstatus-enable'
        self.run_command('enable', '--yes')
        self.path.write_bytes(half)
        done = self.run_command('enable', '--yes')
        self.assertEqual((0, '%s is changed. Restart nova-api.\n' % self.path),
                         (done.code, done.err))
        self.assertEqual((EDITED, STOCK),
                         (self.path.read_bytes(), backup.read_bytes()))
        # That of another release of Nova is a new original.
        newer = b'# newer\n' + STOCK
        self.path.write_bytes(newer)
        self.run_command('enable', '--yes')
        self.assertEqual(newer, backup.read_bytes())
        # Without an original, what there is must do.
        backup.unlink()
        self.path.write_bytes(half)
        self.run_command('enable', '--yes')
        self.assertEqual(half, backup.read_bytes())

    def test_section_that_is_kept(self):
        own = b'enabled_extensions = os-server-locked-status\n'
        self.path.write_bytes(EDITED + own)
        done = self.run_command('disable', '--yes')
        self.assertIn('the section [filter:lockstatus] is kept, no pipeline '
                      'names it.\n', done.err)
        self.assertEqual(
            STOCK + b'\n[filter:lockstatus]\nuse = egg:nova-lockstatus\n'
            + own, self.path.read_bytes())

    def test_not_understood(self):
        self.path.write_bytes(b'[composite:x]\nuse = config:other.ini\n')
        done = self.run_command('enable', '--yes')
        self.assertEqual(
            (1, '', '%s is left as it is: "use" in [composite:x] takes a part '
             'from another file (config:other.ini); edit both by hand.\n'
             % self.path), (done.code, done.out, done.err))
        self.path.write_bytes(b'# caf\xe9\n' + STOCK)
        done = self.run_command('enable', '--yes')
        self.assertEqual(
            (1, '', 'Cannot read %s: it is not in UTF-8, see byte 5; nova-api '
             'could not read it either.\n' % self.path),
            (done.code, done.out, done.err))
        self.assertEqual(['api-paste.ini'], self.names())


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
            '; name the file with --api-paste.'))

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


class DocumentationTestCase(FileTestCase):
    """What the documentation tells to type works."""

    def test_every_command(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'OS_NOVA_CONFIG_DIR', str(self.folder)))
        found = set()
        for page in sorted((TOP / 'doc' / 'source').rglob('*.rst')):
            for line in re.findall(
                    r'(?m)^ +[#$] (?:/\S*/)?nova-lockstatus (\w.*)$',
                    page.read_text()):
                words = [word.replace('/etc/nova', str(self.folder))
                         for word in shlex.split(line.partition('>')[0])]
                if words[0] not in ('enable', 'disable', 'complete', 'help'):
                    continue
                done = commands.run(*words, stdin=commands.Terminal('y\n'))
                self.assertEqual(0, done.code, (page, line, done.err))
                found.add(words[0])
        self.assertEqual({'enable', 'disable', 'complete'}, found)
        self.assertEqual(STOCK, self.path.read_bytes())
