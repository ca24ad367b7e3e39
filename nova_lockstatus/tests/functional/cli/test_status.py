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

"""nova-lockstatus-status as operators run it, with good and bad files."""

import json
import os
import pathlib
import subprocess
import sys

import fixtures
import testtools
from nova import policies as nova_policies
from nova.api.openstack import wsgi_app

from nova_lockstatus.cli import config_files
from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.core import releases
from nova_lockstatus.embedded import paste
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import programs

PROGRAM = str(pathlib.Path(sys.executable).with_name('nova-lockstatus-status'))

# Runs the program with another Nova than the installed one.
OTHER_NOVA = """
import sys
%s
from nova_lockstatus.cli import status
sys.exit(status.main(sys.argv[1:]))
"""

NAMES = ['Configuration', 'Release of Nova', 'Libraries', 'Hooks into Nova',
         'Speedups', 'Filter in api-paste.ini', 'Extensions', 'Policy file',
         'Policy rules', 'Notifications', 'Watch service', 'Webhooks']

LOCKED = 'os_compute_api:os-server-locked-status:'


def old_name():
    """Return a name that a rule of the installed Nova had earlier."""
    rules = list(nova_policies.list_rules())
    names = {rule.name for rule in rules}
    return next(
        rule.deprecated_rule.name for rule in rules
        if rule.deprecated_rule and rule.deprecated_rule.name not in names)


def run_apart(*command):
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=300)
    return commands.Done(done.returncode, done.stdout, done.stderr)


class StatusTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.paste = self.folder / 'api-paste.ini'
        self.stock = pathlib.Path(paste.find()).read_text()
        self.paste.write_text(paste_edit.enable(self.stock))
        self.configure()

    def configure(self, text=''):
        """Write nova.conf: no database, no broker that could be reached."""
        (self.folder / 'nova.conf').write_text(text)

    def run_program(self, *arguments, nova=None):
        if nova is None:
            return programs.run('nova-lockstatus-status', *arguments)
        return run_apart(sys.executable, '-W', 'ignore', '-c',
                         OTHER_NOVA % nova, *arguments)

    def check(self, code, nova=None):
        """Run the checks, and return those that say something is wrong."""
        done = self.run_program(
            '--config-file', str(self.folder / 'nova.conf'), 'upgrade',
            'check', '--json', nova=nova)
        self.assertEqual((code, ''), (done.code, done.err),
                         done.out)
        checks = json.loads(done.out)['checks']
        self.assertEqual(NAMES, [check['check'] for check in checks])
        return {check['check']: (check['result'], check['details'])
                for check in checks if check['result']}

    def test_good(self):
        (self.folder / 'policy.yaml').write_text(
            '"%slocked_reason": "rule:operators"\n'
            '"operators": "role:operator"\n'
            '"%s": "role:admin"\n' % (LOCKED, old_name()))
        self.configure('[notifications]\nnotification_format = both\n'
                       '[oslo_messaging_notifications]\n'
                       'driver = messagingv2\n'
                       '[lockstatus]\nannounce_host_status = False\n')
        self.assertEqual({}, self.check(0))

    def test_defaults_and_the_table(self):
        done = run_apart(PROGRAM, '--config-file',
                         str(self.folder / 'nova.conf'), 'upgrade', 'check')
        self.assertEqual((0, ''), (done.code, done.err))
        self.assertEqual(len(NAMES), done.out.count('Result: Success'))

    def test_the_table_breaks_no_word(self):
        aliases = ['os-nothing-' + letter * 70 for letter in 'ab']
        self.configure('[lockstatus]\nenabled_extensions = %s\n'
                       % ','.join(aliases))
        options = ('--config-file', self.folder / 'nova.conf',
                   '--api-paste', '/no/%s/api-paste.ini' % ('x' * 60),
                   'upgrade', 'check')
        details = ' '.join(
            check['details'] or '' for check in json.loads(
                self.run_program(*options, '--json').out)['checks'])
        table = self.run_program(*options).out.split()
        self.assertIn('/no/%s/api-paste.ini:' % ('x' * 60), table)
        self.assertEqual(set(), set(details.split()) - set(table))

    def test_warnings(self):
        (self.folder / 'policy.yaml').write_text(
            '"%slocked_reson": "@"\n'
            '"os_compute_api:servers:start": "rule:nobody"\n' % LOCKED)
        self.configure('[oslo_messaging_notifications]\n'
                       'driver = messagingv2\n')
        self.assertEqual(
            {'Policy rules': (1, (
                'Neither Nova nor nova-lockstatus has a rule %slocked_reson; '
                'correct the name, or take it out. These lead to a rule that '
                'is not there, or in a circle: os_compute_api:servers:start; '
                'correct them.') % LOCKED),
             'Notifications': (1, (
                 '[notifications]notification_format is "unversioned", and '
                 'these notifications are versioned ones: lockstatus.lock and '
                 'lockstatus.unlock (os-server-locked-status), '
                 'lockstatus.guard.* ([lockstatus]guard = report, where '
                 'nova-lockstatus-watch runs). They are not sent. Set it to '
                 '"both" or "versioned" if you want them.')),
             'Watch service': (1, (
                 '[lockstatus]connection is not set, so it cannot be told '
                 'whether nova-lockstatus-watch runs. Without it, a host that '
                 'is lost is not announced, which '
                 '[lockstatus]announce_host_status wants. Set it, and run '
                 '"nova-lockstatus db sync".'))},
            self.check(1))

    def test_rules_that_are_narrower_than_novas(self):
        show = '"os_compute_api:servers:show": "%s"\n'
        wide = show % 'rule:project_reader_or_admin or role:auditor'
        policy = self.folder / 'policy.yaml'
        policy.write_text(
            wide + '"%slocked": "rule:project_reader_or_admin"\n'
                   '"%slocked_reason": "!"\n' % (LOCKED, LOCKED))
        withheld = (
            "Rules that are narrower than Nova's withhold what Nova itself "
            'gives: %slocked (the key locked from microversion 2.9 on, and '
            'with 403 the filter and the sort_key locked), %slocked_reason '
            '(the key locked_reason from microversion 2.73 on).') % (
                LOCKED, LOCKED)
        self.assertEqual({'Policy rules': (1, withheld + (
            ' Policy files set os_compute_api:servers:show, too: set these '
            'likewise, if that is not what you want.'))}, self.check(1))
        for text in (
                wide, show % 'rule:project_reader_or_admin',
                wide + '"%slocked": "rule:os_compute_api:servers:show"\n'
                       '"%slocked_reason": "@"\n' % (LOCKED, LOCKED),
                wide + '"%slocked": "role:auditor or role:x or '
                       'rule:project_reader_or_admin"\n' % LOCKED):
            policy.write_text(text)
            self.assertEqual({}, self.check(0), text)

    def test_webhooks(self):
        webhook = ('[lockstatus]\nwebhooks = acme\n'
                   'connection = sqlite:///%s/store.sqlite\n%%s'
                   '[lockstatus_webhook_acme]\nproject_id = p1\n'
                   'secret = not-told\nurl = https://%%s/hook\n'
                   % self.folder)

        def check(networks, host):
            self.configure(webhook % (networks, host))
            found = run_apart(
                PROGRAM, '--config-file', str(self.folder / 'nova.conf'),
                'upgrade', 'check', '--json')
            details, = (one for one in json.loads(found.out)['checks']
                        if one['check'] == 'Webhooks')
            self.assertNotIn('not-told', found.out)
            return details['result'], details['details']

        result, text = check('', '127.0.0.1')
        self.assertEqual(1, result)
        self.assertIn('The webhook acme cannot be reached: Its address is '
                      'none that it may have: 127.0.0.1.', text)
        self.assertIn('[lockstatus]webhook_allowed_networks', text)
        self.assertEqual((0, 'acme'), check(
            'webhook_allowed_networks = 127.0.0.0/8\n', '127.0.0.1'))
        result, text = check('webhook_allowed_networks = 10.0.0.0/8\n',
                             '8.8.8.8')
        self.assertIn('none that it may have: 8.8.8.8.', text)
        result, text = check('webhook_allowed_networks = x\n', '8.8.8.8')
        self.assertEqual(2, result)
        self.assertIn('nova-lockstatus-watch does not start.', text)

    def test_nothing_to_send(self):
        self.configure('[oslo_messaging_notifications]\n'
                       'driver = messagingv2\n'
                       '[lockstatus]\nguard = off\n'
                       'announce_host_status = False\n'
                       'enabled_extensions = os-hypervisor-status\n')
        self.assertEqual({}, self.check(0))

    def test_failures(self):
        self.paste.write_text(self.stock)
        old_policy = self.folder / 'policy.json'
        old_policy.write_text('{"%slocked": "!"}' % LOCKED)
        self.configure('[lockstatus]\nenabled_extensions = os-nothing\n')
        found = self.check(2)
        self.assertEqual({'Filter in api-paste.ini', 'Extensions',
                          'Policy file'}, set(found))
        code, text = found['Filter in api-paste.ini']
        self.assertEqual(2, code)
        self.assertTrue(text.startswith(
            '%s: the filter is not in "' % self.paste), text)
        self.assertIn('Run "nova-lockstatus enable"', text)
        code, text = found['Extensions']
        self.assertEqual(2, code)
        self.assertTrue(text.startswith(
            "No installed package has the extension 'os-nothing' that "
            'enabled_extensions names;'), text)
        # Old releases of oslo.policy read it still.
        code, text = found['Policy file']
        self.assertRegex(text, '^%s is (not )?read' % old_policy)
        self.assertEqual(2 if 'is not read' in text else 1, code)
        self.assertIn('[oslo_policy]policy_file = %s.' % old_policy, text)
        self.configure('[oslo_policy]\npolicy_file = %s\n' % old_policy)
        self.assertEqual({'Filter in api-paste.ini'}, set(self.check(2)))

    def test_filter_in_the_wrong_place(self):
        self.paste.write_text(self.stock.replace(
            'keystonecontext', 'lockstatus keystonecontext', 1)
            + '\n[filter:lockstatus]\nuse = egg:nova-lockstatus\ncolour = x\n')
        found = self.check(2)
        self.assertEqual({'Filter in api-paste.ini', 'Extensions'},
                         set(found))
        self.assertIn('has lockstatus before keystonecontext; put it directly '
                      'before', found['Filter in api-paste.ini'][1])
        self.assertIn("sets 'colour', which nova-lockstatus does not know",
                      found['Extensions'][1])

    def test_extensions_of_a_section_of_the_filter(self):
        text = self.paste.read_text()
        self.paste.write_text(
            text + 'enabled_extensions = os-server-state-lock\n')
        self.assertEqual({}, self.check(0))
        self.configure('[lockstatus]\nstate_lock_exempt = fly\n')
        self.assertIn("state_lock_exempt names 'fly'",
                      self.check(2)['Extensions'][1])

    def test_bad_policy(self):
        policy = self.folder / 'policy.yaml'
        policy.write_text('"%slocked": "role:x and and"\n' % LOCKED)
        self.assertEqual(
            {'Policy rules': (2, 'oslo.policy does not understand what is set '
                              'for %slocked, and refuses everybody; correct '
                              'it.' % LOCKED)}, self.check(2))
        policy.write_text('a: [\n')
        self.assertIn('A policy file cannot be read: ',
                      self.check(2)['Policy rules'][1])
        self.configure('[oslo_policy]\npolicy_file = polcy.yaml\n')
        self.assertEqual(
            {'Policy file': (1, '[oslo_policy]policy_file names polcy.yaml, '
                             'which is not there: the defaults of all rules '
                             'are in force. Correct it, or take it out.')},
            self.check(1))

    def test_releases(self):
        nova = ('import nova.version\n'
                'nova.version.version_string = lambda: "%d.0.0"')
        code, text = self.check(1, nova % (releases.NEWEST + 1))[
            'Release of Nova']
        self.assertEqual(1, code)
        self.assertIn('the newest release that this nova-lockstatus was '
                      'tested with is %d.' % releases.NEWEST, text)
        code, text = self.check(2, nova % (releases.OLDEST - 1))[
            'Release of Nova']
        self.assertEqual(2, code)
        self.assertIn('needs Nova %d or newer' % releases.OLDEST, text)

    def test_hooks_that_do_not_fit(self):
        found = self.check(2, (
            'from nova_lockstatus.cli import nova_config\n'
            'nova_config.register()\n'
            'from nova.api.openstack import wsgi\n'
            'from nova.compute import rpcapi\n'
            'del wsgi.Resource.dispatch\n'
            'del rpcapi.ComputeAPI.pause_instance\n'))
        code, text = found['Hooks into Nova']
        self.assertEqual(2, code)
        self.assertIn('nova.api.openstack.wsgi:Resource.dispatch is not there',
                      text)
        self.assertIn('nova.compute.rpcapi:ComputeAPI.pause_instance is not '
                      'there', text)
        self.assertTrue(text.startswith('2 of the places in Nova '), text)

    def test_module_of_nova_that_is_gone(self):
        found = self.check(2, (
            'import sys\n'
            'sys.modules["nova.compute.instance_list"] = None\n'))
        self.assertIn('nova.compute.instance_list',
                      found['Hooks into Nova'][1])

    def test_mistakes(self):
        for arguments, code, message in (
                (['--config-file', '/no.conf', 'upgrade', 'check'], 255,
                 'The configuration of Nova cannot be read: Failed to find '
                 'some config files: /no.conf.'),
                (['upgrade'], 2, 'arguments are required: check')):
            done = self.run_program(*arguments)
            self.assertEqual((code, ''), (done.code, done.out))
            self.assertTrue(done.err.strip().endswith(message),
                            done.err)

    def test_files_of_the_environment(self):
        (self.folder / 'first.ini').write_text(self.paste.read_text())
        (self.folder / 'more.conf').write_text(
            '[lockstatus]\nenabled_extensions = os-nothing\n')
        self.paste.unlink()
        files = [str(self.folder / name)
                 for name in ('first.ini', 'nova.conf', 'more.conf')]
        done = programs.run(
            'nova-lockstatus-status', 'upgrade', 'check', '--json', env={
                'OS_NOVA_CONFIG_DIR': str(self.folder),
                'OS_NOVA_CONFIG_FILES': 'first.ini;nova.conf;more.conf'})
        self.assertEqual((2, ''), (done.code, done.err), done.out)
        details = {check['check']: check['details']
                   for check in json.loads(done.out)['checks']}
        self.assertEqual(files, details['Configuration'].split(', ')[:3])
        self.assertEqual(files[0], details['Filter in api-paste.ini'])
        self.assertIn("has the extension 'os-nothing'", details['Extensions'])

    def test_files_are_those_of_nova(self):
        for environ in ({}, {'OS_NOVA_CONFIG_DIR': ' etc '},
                        {'OS_NOVA_CONFIG_FILES': ''},
                        {'OS_NOVA_CONFIG_DIR': '/a',
                         'OS_NOVA_CONFIG_FILES': 'b;/c;'}):
            self.assertEqual(wsgi_app._get_config_files(environ),
                             config_files.of_application(environ))

    def test_paste_file_is_no_part_of_the_configuration(self):
        self.paste.rename(self.folder / 'mine.ini')
        done = programs.run(
            'nova-lockstatus-status', '--api-paste', self.folder / 'mine.ini',
            'upgrade', 'check',
            env={'OS_NOVA_CONFIG_DIR': str(self.folder)})
        self.assertEqual((0, ''), (done.code, done.err), done.out)

    def test_nova_conf_that_is_not_there(self):
        (self.folder / 'nova.conf').unlink()
        done = programs.run(
            'nova-lockstatus-status', 'upgrade', 'check',
            env={'OS_NOVA_CONFIG_DIR': str(self.folder)})
        self.assertEqual(commands.Done(255, '', (
            'The configuration of Nova cannot be read: Failed to find some '
            'config files: %s/nova.conf; name the files with --config-file, '
            'or set OS_NOVA_CONFIG_DIR and OS_NOVA_CONFIG_FILES as nova-api '
            'has them.\n' % self.folder)), done)

    def test_no_files(self):
        done = programs.run(
            'nova-lockstatus-status', '--api-paste', self.paste, 'upgrade',
            'check', '--json',
            env={'OS_NOVA_CONFIG_DIR': str(self.folder),
                 'OS_NOVA_CONFIG_FILES': 'no.ini'})
        self.assertEqual((1, ''), (done.code, done.err), done.out)
        check = json.loads(done.out)['checks'][0]
        self.assertEqual(('Configuration', 1),
                         (check['check'], check['result']))
        self.assertIn('No nova.conf was found', check['details'])

    def test_nobody_sees_the_checks(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        os.close(reader)
        environ = dict(os.environ)
        environ.pop('PYTHONUNBUFFERED', None)
        done = subprocess.run(
            [PROGRAM, '--config-file', str(self.folder / 'nova.conf'),
             'upgrade', 'check'], stdout=writer, stderr=subprocess.PIPE,
            env=environ, timeout=300)
        self.assertEqual((255, b''), (done.returncode, done.stderr))

    def test_no_nova(self):
        done = self.run_program('upgrade', 'check', nova=(
            'sys.modules["nova"] = None'))
        self.assertEqual((255, ''), (done.code, done.out))
        self.assertRegex(done.err, '^Nova cannot be imported .*: run the '
                         'command with the Python environment of nova-api.\n$')

    def test_documentation(self):
        found = commands.documented('nova-lockstatus-status')
        self.assertNotEqual([], found)
        for words in found:
            done = self.run_program(*(
                word.replace('/etc/nova', str(self.folder))
                for word in ('--config-file', '/etc/nova/nova.conf',
                             *words[1:])))
            self.assertEqual((0, ''), (done.code, done.err), words)
