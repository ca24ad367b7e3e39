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

"""Runs Tempest on a cloud of the integration tests."""

import importlib.util
import os
import pathlib
import subprocess
import sys
from typing import NamedTuple

from nova_lockstatus.tests.fixtures import subunit_results
from nova_lockstatus.tests.integration.cloud import ini
from nova_lockstatus.tests.tempest import config
from nova_lockstatus.tests.tempest import selection

_REFUSED = 'Additional properties are not allowed'


class Result(NamedTuple):
    """How a test ended.

    :param status: in subunit's words
    :param text: what it has recorded, the traceback of a failure for one
    """

    status: str
    text: str


class Tempest:
    """Tempest and the plugin for it, as installed, with a cloud to test.

    :param cloud: the Cloud, which runs
    :param concurrency: how many processes run the tests
    """

    def __init__(self, cloud, concurrency=2):
        self._cloud = cloud
        self._concurrency = concurrency
        self._folder = pathlib.Path(cloud.folder, 'tempest')

    def prepare(self):
        """Have the cloud ready for it."""
        self._folder.mkdir()
        self._cloud.keystone.create_role(config.ROLE)
        self._cloud.ask('POST', '/flavors', 'admin', {'flavor': {
            'id': config.OTHER_FLAVOR, 'name': 'small', 'ram': 128,
            'vcpus': 1, 'disk': 1}})

    def remove(self):
        """Take back what Nova itself was given for it."""
        self._cloud.ask('DELETE', '/flavors/' + config.OTHER_FLAVOR, 'admin')

    def run(self, name, tests, output=None, accept_keys=False):
        """Run tests.

        :param name: of this run
        :param tests: regular expressions of their ids
        :param output: a file for what is printed; as this process if None
        :param accept_keys: whether the schemas of Tempest have the plugin's
            keys
        :returns: the :class:`Result` of each, by its id
        """
        package = _find_tempest()
        folder = self._folder / name
        folder.mkdir()
        ini.write(folder / 'tempest.conf', config.sections(
            self._cloud, self._folder, accept_keys))
        stestr = [
            os.path.join(os.path.dirname(sys.executable), 'stestr'),
            '--repo-url', str(folder), '--top-dir', str(package.parent),
            # Finds the tests of plugins, too, by their entry points.
            '--test-path', str(package / 'test_discover'),
            # The tests of a class share users, and often a server.
            '--group-regex', r'([^\.]*\.)*']
        environ = {**self._cloud.processes.environ,
                   'TEMPEST_CONFIG_DIR': str(folder),
                   'TEMPEST_CONFIG': 'tempest.conf'}
        subprocess.run(
            [*stestr, 'run', '--concurrency', str(self._concurrency),
             '--exclude-regex', '|'.join(selection.LEFT_OUT), *tests],
            cwd=folder, env=environ, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output)
        last = subprocess.run(
            [*stestr, 'last', '--subunit'], cwd=folder, env=environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        return {
            test['id']: Result(test['status'], '\n'.join(
                detail.as_text() for detail in test['details'].values()))
            for test in subunit_results.read(last.stdout)}


def _find_tempest():
    spec = importlib.util.find_spec('tempest')
    assert spec is not None and spec.origin is not None
    return pathlib.Path(spec.origin).parent


def failed(results):
    """Find the tests that failed.

    :param results: those of a run
    :returns: their ids, sorted
    """
    return sorted(test for test, result in results.items()
                  if result.status == 'fail')


def other_than(status, results):
    """Find the tests that did not end as each has to.

    :param status: how each has to end
    :param results: those of a run
    :returns: their ids with how they ended, sorted
    """
    return sorted('%s: %s' % (test, result.status)
                  for test, result in results.items()
                  if result.status != status)


def differences(stock, plugin):
    """Find the tests that ended differently.

    :param stock: the results on stock Nova
    :param plugin: those with the plugin
    :returns: lines to print
    """
    nothing = Result('did not run', '')
    return ['%s: %s on stock Nova, %s with the plugin' % (
                test, before.status, after.status)
            for test in sorted(stock.keys() | plugin.keys())
            if (before := stock.get(test, nothing)).status
            != (after := plugin.get(test, nothing)).status]


def without_schema_error(results):
    """Find the tests that have refused no key.

    :param results: those of a run
    :returns: their ids, sorted
    """
    return sorted(test for test, result in results.items()
                  if result.status != 'fail' or _REFUSED not in result.text)
