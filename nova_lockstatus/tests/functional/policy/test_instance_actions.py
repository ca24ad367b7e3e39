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

"""Nova's instance actions say who locked a server, unless rules close them."""

import yaml

from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import repository

PAGE = repository.DOC / 'source' / 'configuration' / 'policy.rst'


def example():
    """Return the rules of the example that closes it."""
    block = next(block for block in PAGE.read_text().split(
        '.. code-block:: yaml\n') if 'os-instance-actions:list' in block)
    lines = [line.strip() for line in block.splitlines()]
    return yaml.safe_load('\n'.join(
        line for line in lines if line.startswith('"os_compute_api:')))


class InstanceActionsTestCase(base.NovaTestCase):

    def read(self, server_id, token):
        """Read the actions of a server, and the newest one."""
        path = '/v2.1/servers/%s/os-instance-actions' % server_id
        answers = [self.nova.request('GET', path, token)]
        newest = self.nova.request('GET', path, 'admin').json[
            'instanceActions'][0]
        answers.append(self.nova.request(
            'GET', '%s/%s' % (path, newest['request_id']), token))
        return answers

    def test_the_documented_rules_close_it(self):
        server_id = self.nova.boot_server('db')
        self.lock(server_id, 'admin', 'unpaid invoice 4711')
        for answer in self.read(server_id, 'owner'):
            self.assertEqual(200, answer.status_code, answer.text)
            self.assertIn(identity.ADMIN.user_id, answer.text)
            self.assertNotIn('unpaid', answer.text)
        self.assertNotIn('locked_by_user_id', self.show(server_id))
        rules = example()
        self.assertEqual(2, len(rules))
        self.nova.services.policy.set_rules(rules, overwrite=False)
        for answer in self.read(server_id, 'owner'):
            self.assertEqual(403, answer.status_code, answer.text)
        for answer in self.read(server_id, 'admin'):
            self.assertEqual(200, answer.status_code, answer.text)
        self.assertIn('locked_at', self.show(server_id))
