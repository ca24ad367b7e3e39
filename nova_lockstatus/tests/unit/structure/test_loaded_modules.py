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

"""What a program loads, each seen in a process of its own."""

import os
import subprocess
import sys
from importlib import util

import testtools

from nova_lockstatus.tests.unit.structure import source

# Run by alembic, which makes their surroundings.
RUN_BY_ALEMBIC = ('db.migrations',)

SERVER_SIDE = ('cli', 'core', 'db', 'events', 'gateway', 'watch')

# What the OpenStackClient's plugin has no use for.
SERVER_LIBRARIES = ('alembic', 'nova', 'oslo_db', 'oslo_service', 'sqlalchemy',
                    'webob')

# Prints for each import the first unwanted module that it has loaded.
PROGRAM = '''
import importlib
import sys

unwanted, names = (words.split(',') for words in sys.argv[1:])
before = set()
for name in names:
    importlib.import_module(name)
    found = sorted(module for module in set(sys.modules) - before
                   if any((module + '.').startswith(top + '.')
                          for top in unwanted))
    before.update(found)
    if found:
        print(name, 'loads', found[0])
'''


def modules_of(*packages):
    return [module.name for module in source.production()
            if source.is_within(module.short, *packages)
            and not source.is_within(module.short, *RUN_BY_ALEMBIC)]


def loaded(unwanted, names):
    """Import modules in a fresh process.

    :param unwanted: the packages that they must not load
    :param names: the modules
    :returns: a line for each module that has loaded something of the packages
    """
    # As the programs that read Nova beside it do, with native threads.
    environment = {**os.environ, 'PYTHONPATH': str(source.TOP),
                   'PYTHONWARNINGS': 'ignore',
                   'OS_NOVA_DISABLE_EVENTLET_PATCHING': 'true'}
    return subprocess.run(
        [sys.executable, '-c', PROGRAM, ','.join(unwanted), ','.join(names)],
        env=environment, check=True, stdout=subprocess.PIPE,
        text=True).stdout.splitlines()


class LoadedModulesTestCase(testtools.TestCase):

    def test_the_server_side_loads_nothing_of_novas_api(self):
        names = modules_of(*SERVER_SIDE)
        self.assertIn('nova_lockstatus.cli.watch', names)
        found = loaded(['nova.api'], names)
        self.assertEqual([], found, '\n'.join(found))

    @testtools.skipUnless(util.find_spec('openstackclient'),
                          'python-openstackclient is not installed')
    def test_osc_loads_nothing_of_the_server_side(self):
        names = modules_of('osc')
        self.assertIn('nova_lockstatus.osc.plugin', names)
        found = loaded(
            [*SERVER_LIBRARIES, *('nova_lockstatus.' + package for package in (
                'api', 'conf', 'extensions', 'filter', 'policies',
                *SERVER_SIDE))], names)
        self.assertEqual([], found, '\n'.join(found))

    def test_what_is_loaded_is_found(self):
        name = 'nova_lockstatus.conf.metrics'
        self.assertIn(name + ' loads oslo_config',
                      loaded(['oslo_config'], [name]))
