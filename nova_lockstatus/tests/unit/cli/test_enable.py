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

import os
import pty
import re
import shlex
import subprocess
import sys

import fixtures

from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.paste_file_case import EDITED
from nova_lockstatus.tests.fixtures.paste_file_case import STOCK
from nova_lockstatus.tests.fixtures.paste_file_case import FileTestCase


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
        self.path.write_bytes(
            b'[composite:osapi_compute]\nuse = config:other.ini\n')
        done = self.run_command('enable', '--yes')
        self.assertEqual(
            (1, '', '%s is left as it is: "use" in [composite:osapi_compute] '
             'takes a part from another file (config:other.ini); edit both by '
             'hand.\n'
             % self.path), (done.code, done.out, done.err))
        self.path.write_bytes(b'# caf\xe9\n' + STOCK)
        done = self.run_command('enable', '--yes')
        self.assertEqual(
            (1, '', 'Cannot read %s: it is not in UTF-8, see byte 5; nova-api '
             'could not read it either.\n' % self.path),
            (done.code, done.out, done.err))
        self.assertEqual(['api-paste.ini'], self.names())


    def test_no_regular_file(self):
        pipe = self.folder / 'pipe'
        os.mkfifo(pipe)
        for path in (pipe, '/dev/zero', '/dev/null'):
            for command in ('enable', 'disable'):
                done = commands.run(command, '--api-paste', str(path))
                self.assertEqual(
                    (1, '', 'Cannot read %s: it is no regular file.\n' % path),
                    (done.code, done.out, done.err))


class DocumentationTestCase(FileTestCase):
    """What the documentation tells to type works."""

    def test_every_command(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'OS_NOVA_CONFIG_DIR', str(self.folder)))
        found = set()
        for page in sorted((repository.DOC / 'source').rglob('*.rst')):
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
