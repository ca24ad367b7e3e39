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

"""Pins which statements a webhook makes."""

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.webhook_case import WebhooksTestCase


class CostTestCase(WebhooksTestCase):

    def test_nothing_to_do(self):
        task = self.webhook('acme')
        with base.statements() as executed:
            task.run(self.watch.stop)
        # Entries that are due at once, and those that are due again.
        self.assertEqual(2, len(executed), executed)

    def test_no_others_servers_are_read(self):
        self.put('compute1', forced_down=True)
        self.wait()
        with base.statements() as executed:
            self.deliver('acme')
        read, = (statement for statement in executed
                 if 'FROM instances' in statement)
        self.assertIn('instances.project_id = ', read)
