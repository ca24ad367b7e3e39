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


from nova_lockstatus.cli import watch
from nova_lockstatus.tests.fixtures.options_case import OptionsTestCase
from nova_lockstatus.utils.metrics import NO_METRICS


class MetricsOptionsTestCase(OptionsTestCase):

    def test_off_and_at_loopback_by_default(self):
        self.assertEqual(0, self.conf.lockstatus.metrics_port)
        self.assertEqual('127.0.0.1', self.conf.lockstatus.metrics_bind)
        self.assertEqual((NO_METRICS, []),
                         watch._make_metrics(self.conf))

    def test_interval_has_a_least_value(self):
        self.assertRaises(ValueError, self.config.config,
                          group='lockstatus', metrics_interval=9)
