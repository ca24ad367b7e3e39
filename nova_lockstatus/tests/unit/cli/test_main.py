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

import subprocess
import sys

import fixtures
import testtools

from nova_lockstatus.tests.fixtures import commands

COMPLETION = '''
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}"); }
eval "$1"
COMP_WORDS=(%s)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_nova_lockstatus
echo "${COMPREPLY[@]}"
'''  # noqa: E501


class MainTestCase(testtools.TestCase):

    def test_help(self):
        for arguments in (['--help'], ['help']):
            done = commands.run(*arguments)
            self.assertEqual(0, done.code)
            for name in ('enable', 'disable', 'complete'):
                self.assertRegex(done.out, r'(?m)^  %s +\w' % name)

    def test_help_of_a_command(self):
        for arguments in (['help', 'enable'], ['enable', '--help'],
                          ['enable', '-h']):
            done = commands.run(*arguments)
            self.assertEqual(0, done.code)
            self.assertIn('usage: nova-lockstatus enable', done.out)
            self.assertIn('--dry-run', done.out)

    def test_no_command(self):
        for arguments in ([], ['--debug']):
            done = commands.run(*arguments)
            self.assertEqual(2, done.code)
            self.assertEqual(
                "nova-lockstatus: error: name a command, 'nova-lockstatus "
                "help' lists them", done.err.splitlines()[-1])

    def test_unknown_command(self):
        done = commands.run('enabel', '--yes')
        self.assertEqual(
            (2, '', "'enabel' is no command: did you mean 'enable'? "
             "'nova-lockstatus help' lists them.\n"),
            (done.code, done.out, done.err))
        done = commands.run('fly')
        self.assertEqual(
            (2, '', "'fly' is no command: 'nova-lockstatus help' lists "
             "them.\n"), (done.code, done.out, done.err))

    def test_unknown_option(self):
        done = commands.run('enable', '--wet')
        self.assertEqual(2, done.code)
        self.assertEqual('nova-lockstatus enable: error: unrecognized '
                         'arguments: --wet', done.err.splitlines()[-1])

    def test_mistake_is_one_line_and_with_debug_a_traceback(self):
        done = commands.run('enable', '--api-paste', '/no/such.ini')
        self.assertEqual(
            (1, '', 'Cannot read /no/such.ini: No such file or directory.\n'),
            (done.code, done.out, done.err))
        done = commands.run('--debug', 'enable', '--api-paste', '/no/such.ini')
        self.assertEqual(1, done.code)
        self.assertIn('Traceback', done.err)
        self.assertIn('PasteFileUnreadable', done.err)

    def test_completion(self):
        script = commands.run('complete')
        self.assertEqual(0, script.code)
        for words, expected in (
                ('nova-lockstatus ""', {'complete', 'disable', 'enable',
                                        'help'}),
                ('nova-lockstatus en', {'enable'}),
                ('nova-lockstatus disable --d', {'--dry-run'})):
            shell = subprocess.run(
                ['bash', '-c', COMPLETION % words, '-', script.out],
                capture_output=True, text=True, check=True)
            self.assertLessEqual(expected, set(shell.stdout.split()))
            self.assertEqual('', shell.stderr)

    def test_program(self):
        done = subprocess.run(
            [sys.executable, '-m', 'nova_lockstatus.cli.main', 'disable',
             '--api-paste', self.useFixture(fixtures.TempDir()).path],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, r'^Cannot read .*: Is a directory\.\n$')
        done = subprocess.run(
            [sys.executable, '-m', 'nova_lockstatus.cli.main', '--version'],
            capture_output=True, text=True, check=True)
        self.assertRegex(done.stdout, r'^\S+ \d+\.\d+\.\d+')
