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

import json
import subprocess
import sys

import fixtures
import testtools

from nova_lockstatus.tests.fixtures import stock_probe


class StockTestCase(testtools.TestCase):

    def test_without_an_extension_every_byte_is_stock_novas(self):
        target = self.useFixture(fixtures.TempDir()).join('result.json')
        probe = subprocess.run(
            [sys.executable, '-m', stock_probe.__name__, target],
            capture_output=True, text=True)
        self.assertEqual(0, probe.returncode, probe.stderr)
        with open(target) as file:
            result = json.load(file)
        self.assertEqual([], result['different'])
        # The probe asked for good and for bad, and can see the plugin.
        self.assertEqual([200, 202, 400, 401, 404, 406, 409],
                         result['statuses'])
        self.assertEqual(len(list(stock_probe.calls('x'))), result['calls'])
        self.assertEqual('why', result['filtered']['locked_reason'])
