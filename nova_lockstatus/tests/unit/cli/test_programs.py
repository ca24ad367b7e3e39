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

import importlib.metadata
import os
import subprocess
import sys

import ddt
import testtools

from nova_lockstatus.tests.fixtures import repository

# Runs a program as if packages were not installed.
PROGRAM = """\
import sys
from importlib import metadata


class Missing:

    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in missing.split(','):
            raise ModuleNotFoundError('No module named %r' % name, name=name)


name, missing = sys.argv[1:3]
sys.argv = [name, *sys.argv[3:]]
sys.meta_path.insert(0, Missing())
script, = metadata.entry_points(group='console_scripts', name=name)
sys.exit(script.load()())
"""


@ddt.ddt
class ProgramsTestCase(testtools.TestCase):

    def run_without(self, missing, name, *arguments):
        """Run a program where packages are missing.

        :param missing: the packages
        :returns: the subprocess.CompletedProcess
        """
        return subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', PROGRAM, name,
             ','.join(missing), *arguments],
            capture_output=True, text=True,
            env={**os.environ, 'PYTHONPATH': str(repository.TOP)})

    @ddt.data(('nova-lockstatus', 'cliff', 1, 'report'),
              ('nova-lockstatus-status', 'oslo_config', 255, 'upgrade',
               'check'),
              ('nova-lockstatus-watch', 'nova', 1))
    @ddt.unpack
    def test_one_line_says_where_it_belongs(self, name, missing, code,
                                            *arguments):
        done = self.run_without([missing], name, *arguments)
        self.assertEqual((code, ''), (done.returncode, done.stdout))
        self.assertRegex(done.stderr, r'\ANova cannot be imported \(No module '
                         r"named '%s(\.\w+)?'\): run the command with the "
                         r'Python environment of nova-api\.\n\Z' % missing)

    @ddt.data('nova-lockstatus', 'nova-lockstatus-status',
              'nova-lockstatus-watch')
    def test_with_everything_it_runs(self, name):
        done = self.run_without([], name, '--version')
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(importlib.metadata.version('nova-lockstatus'),
                      done.stdout)
