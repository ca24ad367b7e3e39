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

"""``nova-lockstatus setup`` as operators run it."""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import fixtures
import testtools

from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import programs
from nova_lockstatus.tests.fixtures.paste_file_case import EDITED
from nova_lockstatus.tests.fixtures.paste_file_case import STOCK

NOVA_CONF = '[DEFAULT]\ndebug = true\n'

MADE = ['nova/api-paste.ini', 'nova/api-paste.ini.bak-lockstatus-enable',
        'nova/lockstatus-policy.yaml.sample', 'nova/nova.conf',
        'nova/nova.conf.d/lockstatus.conf', 'store.sqlite',
        'units/nova-lockstatus-watch.service']


class Typist(commands.Terminal):
    """Answers questions, and does something else before an answer.

    :param answers: the lines
    :param before: what to do before which of them
    """

    def __init__(self, answers, before=()):
        super().__init__(''.join(line + '\n' for line in answers))
        self.before = dict(before)
        self.asked = 0

    def readline(self, *args):
        self.before.get(self.asked, lambda: None)()
        self.asked += 1
        return super().readline(*args)


class SetupTestCase(testtools.TestCase):
    """Has a machine with files of Nova, and a file for the database."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path).resolve()
        self.nova = self.folder / 'nova'
        self.units = self.folder / 'units'
        self.units.mkdir()
        self.nova.mkdir()
        self.nova.chmod(0o750)
        self.paste = self.nova / 'api-paste.ini'
        self.paste.write_bytes(STOCK)
        self.nova_conf = self.nova / 'nova.conf'
        self.nova_conf.write_text(NOVA_CONF)
        self.nova_conf.chmod(0o640)
        self.own_config = self.nova / 'nova.conf.d' / 'lockstatus.conf'
        self.unit = self.units / 'nova-lockstatus-watch.service'
        self.store = self.folder / 'store.sqlite'
        self.url = 'sqlite:///%s' % self.store

    def arguments(self, *options):
        return ('setup', '--nova-dir', str(self.nova), '--unit-dir',
                str(self.units), *options)

    def run_setup(self, *options, **streams):
        return commands.run(*self.arguments(*options), **streams)

    def set_up(self):
        done = self.run_setup('--connection', self.url, '--yes')
        self.assertEqual(0, done.code, done.err)
        return done

    def state(self):
        """Return what each file has, and what writing it would change."""
        return {str(path.relative_to(self.folder)): (
                    path.read_bytes(), path.stat().st_ino,
                    path.stat().st_mtime_ns)
                for path in self.folder.rglob('*') if path.is_file()}

    def assert_nothing_changes(self, code, *options, **streams):
        before = self.state()
        done = self.run_setup(*options, **streams)
        self.assertEqual(code, done.code, done.err)
        self.assertEqual(before, self.state())
        return done

    def test_everything(self):
        done = self.set_up()
        self.assertEqual(MADE, sorted(self.state()))
        self.assertEqual(EDITED, self.paste.read_bytes())
        self.assertEqual(NOVA_CONF, self.nova_conf.read_text())
        self.assertIn('connection = %s\n' % self.url,
                      self.own_config.read_text())
        self.assertEqual(
            [0o640, 0o750, 0o644],
            [path.stat().st_mode & 0o777 for path in (
                self.own_config, self.own_config.parent, self.unit)])
        for path in (self.paste, self.own_config, self.unit):
            self.assertIn('--- %s\n' % path, done.out)
        self.assertIn('as it was it is in %s.bak-lockstatus-enable.\n'
                      % self.paste, done.err)
        self.assertTrue(done.err.endswith(
            '  restart nova-api\n  systemctl daemon-reload\n'
            '  systemctl enable --now nova-lockstatus-watch\n'), done.err)

    def test_the_files_are_those_that_the_programs_read(self):
        self.set_up()
        line, = (line for line in self.unit.read_text().splitlines()
                 if line.startswith('ExecStart='))
        program, *arguments = line.removeprefix('ExecStart=').split()
        self.assertEqual('nova-lockstatus-watch', os.path.basename(program))
        done = programs.run('nova-lockstatus', 'db', 'sync', *arguments)
        self.assertEqual(0, done.code, done.err)
        self.assertRegex(done.out, '^%s is at version .* already' % self.url)

    def test_the_check_that_is_left_to_do(self):
        done = self.set_up()
        line, = (line for line in done.err.splitlines()
                 if 'upgrade check' in line)
        program, *arguments = line.split()
        done = programs.run(program, *arguments, '--json')
        results = {each['check']: each['result']
                   for each in json.loads(done.out)['checks']}
        self.assertEqual(0, results['Filter in api-paste.ini'], done.out)
        # It does not run, and so the store was read.
        self.assertEqual(1, results['Watch service'], done.out)
        self.assertEqual(1, done.code)

    def test_a_second_time_changes_nothing(self):
        self.set_up()
        for options in ((), ('--yes',), ('--connection', self.url)):
            done = self.assert_nothing_changes(0, *options)
            self.assertEqual('', done.out)
            self.assertEqual(5, done.err.count('nothing to change'))
            self.assertNotIn('left to do', done.err)

    def test_dry_run(self):
        done = self.assert_nothing_changes(
            0, '--connection', self.url, '--dry-run')
        self.assertIn('+[filter:lockstatus]', done.out)
        self.assertIn('+connection = ' + self.url, done.out)
        self.assertIn('The tables of %s are to be made' % self.url, done.out)
        self.assertFalse(self.store.exists())

    def test_answers(self):
        done = self.run_setup(stdin=Typist([self.url, *'yyyyy']))
        self.assertEqual(0, done.code, done.err)
        self.assertEqual(MADE, sorted(self.state()))

    def test_each_answer_can_be_no(self):
        done = self.assert_nothing_changes(
            1, stdin=Typist([self.url, *'nnnn']))
        self.assertEqual(4, done.err.count('is not changed.\n'))
        # Without the database in the configuration, no tables either.
        self.assertNotIn('Make the tables', done.err)
        done = self.run_setup(stdin=Typist([self.url, *'nynny']))
        self.assertEqual(1, done.code)
        self.assertEqual(
            ['nova/api-paste.ini', 'nova/nova.conf',
             'nova/nova.conf.d/lockstatus.conf', 'store.sqlite'],
            sorted(self.state()))
        self.assertEqual(STOCK, self.paste.read_bytes())

    def test_no_database(self):
        done = self.run_setup(stdin=Typist(['', 'y', 'y']))
        self.assertEqual(0, done.code, done.err)
        self.assertIn('No database', done.err)
        self.assertEqual(MADE[:4], sorted(self.state()))

    def test_steps_left_out(self):
        done = self.run_setup(
            '--connection', self.url, '--yes', '--skip', 'filter', '--skip',
            'policy-sample', '--skip', 'watch')
        self.assertEqual(0, done.code, done.err)
        self.assertEqual(
            ['nova/api-paste.ini', 'nova/nova.conf',
             'nova/nova.conf.d/lockstatus.conf', 'store.sqlite'],
            sorted(self.state()))
        # The database is named by now.
        done = self.run_setup('--yes', '--skip', 'filter', '--skip',
                              'policy-sample', '--skip', 'database')
        self.assertEqual(0, done.code, done.err)
        self.assertTrue(self.unit.exists())

    def test_nobody_to_ask(self):
        done = self.assert_nothing_changes(1, '--connection', self.url)
        self.assertRegex(done.err, 'There is no terminal to ask on: ')

    def test_a_unit_that_is_there_stays(self):
        self.unit.write_text('[Service]\nExecStart=/opt/watch\n')
        self.set_up()
        self.assertEqual('[Service]\nExecStart=/opt/watch\n',
                         self.unit.read_text())

    def test_a_database_that_nova_conf_names(self):
        self.nova_conf.write_text(
            NOVA_CONF + '[lockstatus]\nconnection = %s\n' % self.url)
        done = self.run_setup('--yes')
        self.assertEqual(0, done.code, done.err)
        self.assertFalse(self.own_config.exists())
        self.assertTrue(self.store.exists())

    def test_another_database(self):
        self.set_up()
        self.own_config.write_text('# ours\n' + self.own_config.read_text()
                                   + '[DEFAULT]\nhost = a\n')
        before = self.own_config.read_text()
        other = 'sqlite:///%s/other' % self.folder
        done = self.run_setup('--connection', other, '--yes')
        self.assertEqual(0, done.code, done.err)
        self.assertEqual(before.replace(self.url, other),
                         self.own_config.read_text())
        backup = self.own_config.with_name(
            'lockstatus.conf.bak-lockstatus-setup')
        self.assertEqual(before, backup.read_text())

    def test_a_value_that_cannot_be_read(self):
        self.set_up()
        text = self.own_config.read_text()
        self.own_config.write_text(text.replace(self.url, 'mysql://a:$b@c/d'))
        done = self.assert_nothing_changes(1, '--yes')
        self.assertIn('a dollar sign in it', done.err)
        self.set_up()
        self.assertEqual(text, self.own_config.read_text())

    def test_another_file_that_names_another_database(self):
        self.set_up()
        self.own_config.with_name('z.conf').write_text(
            '[lockstatus]\nconnection = sqlite:////other\n')
        done = self.assert_nothing_changes(
            1, '--connection', self.url, '--yes')
        self.assertIn('another file in ', done.err)

    def test_a_database_that_cannot_be_used(self):
        for url, problem in (
                ('mysql+pymysql://u:secret@127.0.0.1:1/x', 'cannot be used'),
                ('nonsense', 'it is no URL of SQLAlchemy'),
                ('sqlite:////no/such/folder/x', 'unable to open')):
            done = self.assert_nothing_changes(
                1, '--connection', url, '--yes')
            self.assertIn(problem, done.err)
            self.assertNotIn('secret', done.err + done.out)

    def test_tables_of_another_program(self):
        with sqlite3.connect(self.store) as connection:
            connection.execute(
                'CREATE TABLE lockstatus_alembic_version (version_num TEXT)')
            connection.execute(
                "INSERT INTO lockstatus_alembic_version VALUES ('9999')")
        connection.close()
        done = self.assert_nothing_changes(
            1, '--connection', self.url, '--yes')
        self.assertIn('those of a newer nova-lockstatus', done.err)

    def test_a_folder_that_cannot_be_written_into(self):
        self.own_config.parent.write_text('a file, no folder')
        done = self.assert_nothing_changes(
            1, '--connection', self.url, '--yes')
        self.assertRegex(done.err, 'lockstatus.conf cannot be ')

    def test_files_of_another_user(self):
        self.set_up()
        self.paste.write_bytes(STOCK)
        self.own_config.unlink()
        if os.geteuid() == 0:
            # Whom no mode keeps out.
            self.useFixture(fixtures.MonkeyPatch(
                'os.access', lambda path, mode: not (
                    mode & os.W_OK and str(path) == str(self.nova))))
        else:
            self.nova.chmod(0o555)
            self.addCleanup(self.nova.chmod, 0o755)
        done = self.assert_nothing_changes(
            1, '--connection', self.url, '--yes')
        self.assertIn('%s cannot be written: the folder %s cannot be written '
                      'into.\n' % (self.paste, self.nova), done.err)

    def test_a_folder_that_is_not_there(self):
        self.units.rmdir()
        self.folder.joinpath('units').write_text('')
        done = self.assert_nothing_changes(
            1, '--connection', self.url, '--yes')
        self.assertRegex(done.err, 'nova-lockstatus-watch.service cannot be ')

    def test_what_was_changed_is_changed_back(self):
        """Somebody makes the last of the files after it was looked at."""
        self.set_up()
        self.paste.write_bytes(STOCK)
        self.own_config.unlink()
        self.own_config.parent.rmdir()
        self.unit.unlink()
        before = {name: found[0] for name, found in self.state().items()}
        done = self.run_setup(stdin=Typist(
            [self.url, *'yyy'],
            {3: lambda: self.unit.write_text('[Unit]\n')}))
        self.assertEqual(1, done.code, done.err)
        self.assertIn('somebody else has made it meanwhile', done.err)
        self.assertEqual(
            {**before, 'units/nova-lockstatus-watch.service': b'[Unit]\n'},
            {name: found[0] for name, found in self.state().items()})
        self.assertFalse(self.own_config.parent.exists())

    def test_no_nova_conf(self):
        self.nova_conf.unlink()
        done = self.assert_nothing_changes(
            1, '--connection', self.url, '--yes')
        self.assertRegex(done.err, '^The configuration of Nova cannot be read')

    def test_a_paste_file_that_is_not_understood(self):
        self.paste.write_bytes(
            b'[composite:osapi_compute]\nuse = config:other.ini\n')
        done = self.assert_nothing_changes(
            1, '--connection', self.url, '--yes')
        self.assertIn('is left as it is', done.err)

    def test_documentation(self):
        found = commands.documented('nova-lockstatus setup')
        self.assertLessEqual(3, len(found))
        for words in found:
            with fixtures.EnvironmentVariable(
                    'OS_NOVA_CONFIG_DIR', str(self.nova)):
                done = self.assert_nothing_changes(0, *words[2:], '--dry-run')
            self.assertIn('this is a dry run', done.err)

    def test_no_nova(self):
        before = self.state()
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c',
             'import sys; sys.modules["nova"] = None; '
             'from nova_lockstatus.cli import main; '
             'sys.exit(main.main(sys.argv[1:]))',
             *self.arguments('--connection', self.url, '--yes')],
            capture_output=True, text=True)
        self.assertEqual((1, ''), (done.returncode, done.stdout))
        self.assertRegex(done.stderr, '^Nova cannot be imported ')
        self.assertEqual(before, self.state())
