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

"""Tempest, with strict clients and with the plugin for it."""

import importlib.util
import subprocess

from testtools import content

from nova_lockstatus.tests.integration.cloud import case
from nova_lockstatus.tests.tempest import config
from nova_lockstatus.tests.tempest import runs
from nova_lockstatus.tests.tempest import selection


class TempestTestCase(case.CloudTestCase):

    @classmethod
    def setUpClass(cls):
        if importlib.util.find_spec('tempest') is None:
            raise cls.skipException('The package tempest is not installed, '
                                    'see integration-requirements.txt.')
        super().setUpClass()
        cls.tempest = runs.Tempest(cls.cloud)
        cls.tempest.prepare()
        cls.addClassCleanup(cls.tempest.remove)

    def assert_all_end(self, status, name, tests, **options):
        """Check that each test ends in one way.

        :param status: how
        :param name: of this run
        :param tests: regular expressions of their ids
        :param options: of the run
        :returns: the result of each
        """
        results = self.tempest.run(
            name, tests, subprocess.DEVNULL, **options)
        for test in runs.failed(results):
            self.addDetail('%s: %s' % (name, test),
                           content.text_content(results[test].text))
        self.assertEqual([], runs.other_than(status, results))
        self.assertNotEqual({}, results)
        return results

    def test_it_ends_as_on_stock_nova(self):
        with self.rules(config.RULES):
            plugin = self.assert_all_end('success', 'plugin', selection.FEW)
        self.addCleanup(self.cloud.restart_api, True)
        self.cloud.restart_api(False)
        self.assertEqual([], runs.differences(self.assert_all_end(
            'success', 'stock', selection.FEW), plugin))
        self.assert_all_end(
            'skip', 'own-stock', selection.PLUGIN, accept_keys=True)

    def test_it_refuses_keys_without_the_rule(self):
        results = self.tempest.run(
            'no-rule', selection.SEES_KEYS, subprocess.DEVNULL)
        self.assertNotEqual({}, results)
        self.assertEqual([], runs.without_schema_error(results))

    def test_the_plugin_for_tempest(self):
        self.assert_all_end(
            'success', 'own', (*selection.FEW, *selection.PLUGIN),
            accept_keys=True)
