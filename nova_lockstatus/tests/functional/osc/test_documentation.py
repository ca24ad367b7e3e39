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

"""The documented commands of the OpenStackClient work."""

import re
import shlex

from nova_lockstatus.tests.fixtures import osc_case
from nova_lockstatus.tests.fixtures import releases
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.osc_case import OscTestCase


class DocumentationTestCase(OscTestCase):
    """The commands in the documentation, in the order that they stand in."""

    options = {**OscTestCase.options, 'config': {
        **OscTestCase.options['config'], **osc_case.WITH_ENDS}}

    def commands(self, page):
        text = (repository.DOC / 'source' / page).read_text()
        for before, block in re.findall(
                r'([^\n]*(?:\n[^\n]+)*)\n\n *\.\. code-block:: console\n\n'
                r'((?:   [^\n]*\n)+)', text):
            who = ('admin' if before.strip().startswith(
                ('As an admin', '#. As an admin')) else 'owner')
            for line in block.replace('\\\n', '').splitlines():
                if line.strip().startswith('$ openstack '):
                    argv = shlex.split(line)[2:]
                    if (releases.CLIENT_NEEDS_MICROVERSION
                            and argv[:2] == ['server', 'lock']):
                        # As both pages say.
                        argv = ['--os-compute-api-version', '2.73', *argv]
                    yield who, argv

    def test_each_command_works(self):
        for page in ('cli/osc.rst', 'user/index.rst'):
            commands = list(self.commands(page))
            self.assertTrue(len(commands) > 4, commands)
            for who, argv in commands:
                self.openstack(*argv, cloud=who)

    def test_recipe_of_the_guard(self):
        self.openstack('lock', 'unset', self.ids['billing-1'], cloud='admin')
        commands = list(self.commands('admin/guard.rst'))
        self.assertEqual(2, len(commands))
        for who, argv in commands:
            self.openstack(*(word.replace('$SERVER', self.ids['billing-1'])
                             for word in argv), cloud=who)
            # At no time can its owner undo it.
            self.assertIn('is locked by admin: unpaid invoice 4711',
                          self.error('server', 'resume', 'billing-1'))
        self.assertEqual('SUSPENDED', self.detail()[
            self.ids['billing-1']]['status'])

    def test_each_command_is_documented(self):
        said = {argv[0] + ' ' + argv[1]
                for _, argv in self.commands('cli/osc.rst')}
        self.assertEqual(
            {'lock list', 'lock show', 'lock set', 'lock unset',
             'hypervisor status', 'server host'}, said)
