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

"""The tools of oslo.policy with Nova's rules and the plugin's."""

import json
import pathlib
import subprocess
import sys

import fixtures
import testtools
import yaml

from nova_lockstatus import policies
from nova_lockstatus.tests.fixtures import commands

BIN = pathlib.Path(sys.executable).parent

REASON = 'os_compute_api:os-server-locked-status:locked_reason'
START = 'os_compute_api:servers:start'

# As Keystone shows it, but for what the tool does not read.
TOKEN = {'token': {'user': {'id': 'u1'}, 'project': {'id': 'p1'},
                   'roles': [{'name': 'member'}, {'name': 'reader'}]}}


class ToolsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.config = self.folder / 'nova.conf'
        self.configure()
        self.write({REASON: 'rule:context_is_admin', START: '!'})

    def configure(self, text=''):
        self.config.write_text(
            '[oslo_policy]\npolicy_file = %s/policy.yaml\n%s'
            % (self.folder, text))

    def write(self, rules):
        (self.folder / 'policy.yaml').write_text(json.dumps(rules))

    def run_tool(self, name, *arguments):
        return subprocess.run(
            [BIN / name, *arguments], capture_output=True, text=True,
            cwd=self.folder, timeout=300)

    def validate(self):
        done = self.run_tool('oslopolicy-validator', '--namespace',
                             'nova_lockstatus', '--config-file',
                             str(self.config))
        return done.returncode, done.stdout

    def test_validator(self):
        self.assertEqual((0, ''), self.validate())
        self.write({REASON + 's': '@', START: 'rule:nobody'})
        self.assertEqual(
            (1, 'Invalid rules found\n'
                'Unknown rule found in policy file: %ss\n' % REASON),
            self.validate())

    def test_extension_that_is_not_there(self):
        self.configure('[lockstatus]\nenabled_extensions = os-nothing\n')
        done = self.run_tool('oslopolicy-validator', '--namespace',
                             'nova_lockstatus', '--config-file',
                             str(self.config))
        self.assertEqual(1, done.returncode)
        self.assertIn("No installed package has the extension 'os-nothing'",
                      done.stderr)

    def test_generator_and_checker_as_documented(self):
        (self.folder / 'token.json').write_text(json.dumps(TOKEN))
        done = {}
        for name in ('oslopolicy-validator', 'oslopolicy-policy-generator',
                     'oslopolicy-checker'):
            words, = commands.documented(name)
            done[name] = self.run_tool(*(
                word.replace('/etc/nova', str(self.folder))
                for word in words))
            self.assertEqual(0, done[name].returncode, done[name].stderr)
        rules = yaml.safe_load((self.folder / 'in-force.yaml').read_text())
        self.assertEqual(('rule:context_is_admin', '!'),
                         (rules[REASON], rules[START]))
        # Nova's and the plugin's, of extensions that are off as well.
        self.assertIn('os_compute_api:os-lock-server:lock', rules)
        self.assertLessEqual({rule.name for rule in policies.list_rules()},
                             set(rules))
        lines = done['oslopolicy-checker'].stdout.splitlines()
        self.assertIn('failed: ' + REASON, lines)
        self.assertIn('failed: ' + START, lines)
        self.assertIn('passed: os_compute_api:os-server-locked-status:locked',
                      lines)
        self.assertIn('passed: os_compute_api:servers:stop', lines)
