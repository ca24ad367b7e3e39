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

"""python-openstackclient with the plugin's commands, in a real cloud."""

from nova_lockstatus.tests.integration.cloud import case


class ClientTestCase(case.CloudTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.boot('billing-1')
        cls.second = cls.boot('billing-2', cell='cell2')

    def unlock_all(self):
        for server_id in (self.first, self.second):
            self.act(server_id, 'unlock', 'admin')

    def listed(self, user, *arguments):
        return {row['Name']: (row['Locked By'], row['Reason'])
                for row in self.openstack_json(
                    'lock', 'list', *arguments, user=user)}

    def test_lock_commands(self):
        self.addCleanup(self.unlock_all)
        self.openstack('lock', 'set', '--reason', 'failover', 'billing-2')
        self.openstack('lock', 'set', '--reason', 'unpaid', self.first,
                       user='admin')
        both = {'billing-1': ('admin', 'unpaid'),
                'billing-2': ('owner', 'failover')}
        self.assertEqual(both, self.listed('reader'))
        self.assertEqual(both, self.listed('admin', '--all-projects'))
        self.assertEqual({}, self.listed('other'))
        shown = self.openstack_json('lock', 'show', 'billing-1')
        self.assertEqual(('admin', 'unpaid'),
                         (shown['locked_by'], shown['locked_reason']))
        refused = self.openstack('lock', 'unset', 'billing-1', expected=1)
        self.assertIn('1 of 1', refused.stderr)
        self.openstack('lock', 'unset', 'billing-2')
        self.assertEqual({'billing-1': both['billing-1']},
                         self.listed('owner'))

    def test_stub_of_glance(self):
        """The client finds the images by their names, as by hand."""
        self.assertEqual(['other', 'stub'], sorted(
            image['Name'] for image in self.openstack_json('image', 'list')))
        shown = self.openstack_json('server', 'show', 'billing-1')
        self.assertEqual('ACTIVE', shown['status'])

    def test_the_clients_own_commands(self):
        """At the client's own microversion."""
        self.addCleanup(self.unlock_all)
        self.openstack('--os-compute-api-version', '2.73', 'server', 'lock',
                       '--reason', 'unpaid', self.first, user='admin')
        refused = self.openstack('server', 'stop', 'billing-1', expected=1)
        self.assertIn('is locked by admin: unpaid', refused.stderr)
        self.assertNotIn('locked', self.openstack(
            'server', 'stop', self.first, user='other', expected=1).stderr)
