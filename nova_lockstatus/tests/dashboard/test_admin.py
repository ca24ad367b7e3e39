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


"""The pages of the administrator."""

from nova_lockstatus.tests.fixtures import dashboard_case


class AdminTestCase(dashboard_case.DashboardTestCase):

    def test_locks_of_all_projects(self):
        self.log_in('admin')
        self.open('/admin/locks/')
        self.assertEqual(
            ['demo', 'billing-1', 'Administrator',
             'a0000000000000000000000000000001', 'unpaid invoice 4711'],
            self.cells('billing-1')[1:6])
        self.assertEqual(['compute1', 'UP'], self.cells('billing-1')[7:9])
        self.check_page('admin-locks')
        self.page.fill('[name=locks__lock_filter__q]', 'other')
        self.page.click('#locks__action_lock_filter')
        self.expect(self.page.locator('tr.empty')).to_be_visible()
        self.page.fill('[name=locks__lock_filter__q]', 'demo')
        self.page.click('#locks__action_lock_filter')
        self.expect(self.row('billing-1')).to_be_visible()

    def test_host_status(self):
        self.log_in('admin')
        self.open('/admin/host_status/')
        self.assertEqual(
            ['compute2', 'MAINTENANCE', 'up', 'disabled',
             'memory module replaced', 'No', '1'],
            self.cells('compute2')[1:8])
        self.assertEqual(['DOWN', 'Yes'], [
            self.cells('compute3')[number] for number in (2, 6)])
        self.check_page('host-status')
        self.act('compute1', 'Disable Host')
        self.write_reason('fan replaced')
        self.submit()
        self.see('Success', 'Disabled: compute1')
        self.assertEqual('fan replaced', self.cells('compute1')[5])
        self.act('compute1', 'Enable Host')
        self._confirm()
        self.see('Success', 'Enabled Host: compute1')
        self.assertEqual('UP', self.cells('compute1')[2])
        self.act('compute1', 'Force Host Down')
        self._confirm()
        self.see('Success', 'Forced Host Down: compute1')
        self.assertEqual('DOWN', self.cells('compute1')[2])
        self.act('compute1', 'Unforce Host Down')
        self._confirm()
        self.see('Success', 'Unforced Host Down: compute1')

    def _confirm(self):
        self.page.locator('.modal-footer .btn-danger').click()

    def test_an_owner_has_no_such_pages(self):
        self.log_in('owner')
        for path in ('/admin/locks/', '/admin/host_status/'):
            self.assertNotEqual(200, self.page.goto(
                self.demo.horizon + path).status)
