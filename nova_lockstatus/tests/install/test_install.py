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

"""Installs the wheel beside what is there, and sees what pip changes."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

import fixtures
import testtools

from nova_lockstatus.tests.fixtures import repository

CONSTRAINTS = repository.TOP / 'constraints'

# What an installation beside an OpenStackClient may add.
MAX_PACKAGES = 3
MAX_BYTES = 10_000_000

# Each with the Nova that the constraints of the release are made for.
NOVAS = {27: '27.5.1', 31: '31.3.1', 34: '34.0.0'}

# The checks of "upgrade check" that are about the installation alone.
CHECKS = ('Release of Nova', 'Libraries', 'Hooks into Nova')


def run(*command, expected=(0,)):
    # What it names would count as installed.
    environment = {name: value for name, value in os.environ.items()
                   if name != 'PYTHONPATH'}
    done = subprocess.run(list(map(str, command)), env=environment,
                          capture_output=True, text=True)
    if done.returncode not in expected:
        raise AssertionError('%s: %s%s' % (command, done.stdout, done.stderr))
    return done.stdout


class Environment(fixtures.Fixture):
    """A virtual environment with some packages."""

    def __init__(self, *arguments):
        self._arguments = arguments

    def _setUp(self):
        self._folder = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'environment')
        venv.create(self._folder, with_pip=True)
        # Most of it is never imported.
        self.pip('install', '--quiet', '--no-compile', *self._arguments)

    def run(self, program, *arguments, **keywords):
        return run(self._folder / 'bin' / program, *arguments, **keywords)

    def pip(self, *arguments):
        return self.run('python', '-m', 'pip', *arguments)

    def packages(self):
        """Return the version of each installed package."""
        return {package['name']: package['version'] for package in json.loads(
            self.pip('list', '--format', 'json'))}

    def size(self):
        """Return how many bytes its files have."""
        return sum(path.stat().st_size for path in self._folder.rglob('*')
                   if path.is_file() and not path.is_symlink())


class InstallTestCase(testtools.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        repository.copy_source(folder.name + '/source')
        run(sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps',
            '--wheel-dir', folder.name + '/wheels', folder.name + '/source')
        cls.wheel, = pathlib.Path(folder.name, 'wheels').iterdir()

    def install(self, environment, extra=''):
        """Install the wheel, without constraints.

        :param extra: an extra, such as ``osc``
        :returns: the names of the packages that were added
        """
        before = environment.packages()
        environment.pip('install', '--quiet', '%s%s' % (
            self.wheel, extra and '[%s]' % extra))
        after = environment.packages()
        self.assertEqual(before, {name: version
                                  for name, version in after.items()
                                  if name in before}, extra)
        return after.keys() - before.keys()

    def check_beside_nova(self, release):
        environment = self.useFixture(Environment(
            '--constraint', CONSTRAINTS / ('nova-%d.txt' % release),
            'nova==' + NOVAS[release], 'setuptools', 'PyMySQL'))
        self.assertEqual({'nova-lockstatus'}, self.install(environment))
        self.assertEqual(set(), self.install(environment, 'server'))
        self.assertLessEqual(self.install(environment, 'metrics'),
                             {'prometheus_client'})
        self.assertEqual({'jsonschema_rs'}, self.install(
            environment, 'speedups'))
        environment.pip('check')
        nova_conf = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'nova.conf')
        nova_conf.touch()
        # 1 and 2: what has to be configured.
        found = json.loads(environment.run(
            'nova-lockstatus-status', '--config-file', nova_conf, 'upgrade',
            'check', '--json', expected=(0, 1, 2)))
        self.assertEqual(
            dict.fromkeys(CHECKS, 0),
            {check['check']: check['result'] for check in found['checks']
             if check['check'] in CHECKS})

    def test_beside_nova_27(self):
        self.check_beside_nova(27)

    def test_beside_nova_31(self):
        self.check_beside_nova(31)

    def test_beside_nova_34(self):
        self.check_beside_nova(34)

    def check_beside_client(self, *arguments):
        environment = self.useFixture(Environment(
            'python-openstackclient', 'setuptools', *arguments))
        before = environment.size()
        added = self.install(environment, 'osc')
        self.assertIn('nova-lockstatus', added)
        self.assertLessEqual(len(added), MAX_PACKAGES, added)
        self.assertLess(environment.size() - before, MAX_BYTES)
        for command in ('lock list', 'lock set', 'hypervisor status list',
                        'server host status'):
            self.assertIn('usage: openstack ' + command, environment.run(
                'openstack', 'help', *command.split()))

    def test_beside_the_newest_client(self):
        self.check_beside_client()

    def test_beside_the_client_of_nova_27(self):
        self.check_beside_client(
            '--constraint', CONSTRAINTS / 'nova-27.txt')
