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

import testtools


class ImportTestCase(testtools.TestCase):

    def test_nothing_needs_nova(self):
        code = '''
import importlib, pkgutil, sys
sys.modules['nova'] = None
import nova_lockstatus.osc as package
for module in pkgutil.iter_modules(package.__path__):
    importlib.import_module(package.__name__ + '.' + module.name)
'''
        run = subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                             capture_output=True, text=True)
        self.assertEqual((0, ''), (run.returncode, run.stderr))

    def test_every_start_of_the_client_loads_little(self):
        code = '''
import sys
import nova_lockstatus.osc.plugin
print([name for name in sys.modules if name.startswith((
    'nova_lockstatus.osc.', 'openstack', 'osc_lib', 'rich'))])
'''
        run = subprocess.run([sys.executable, '-c', code],
                             capture_output=True, text=True)
        self.assertEqual("['nova_lockstatus.osc.plugin']\n", run.stdout)
