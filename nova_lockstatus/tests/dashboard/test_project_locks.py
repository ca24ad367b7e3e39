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


"""Project > Compute > Locks, as each user sees and uses it."""

from nova_lockstatus.tests.fixtures import dashboard_case

# Markup, quotes, text from right to left, an emoji, an escape sequence.
NASTY = '<b onclick="x()">\'bold\'</b> שלום 😀 \x1b[31mred'
SHOWN = NASTY.replace('\x1b', '\\x1b')

TO_UNLOCK = ('web-1', 'batch-1', 'cache-1')


class ProjectLocksTestCase(dashboard_case.DashboardTestCase):

    def setUp(self):
        super().setUp()
        self.ids = {server['name']: server['id'] for server in self.demo.call(
            'GET', '/servers?all_tenants=1', 'admin')['servers']}
        for name in TO_UNLOCK:
            self._act(name, 'admin', {'unlock': None})
        for name, user, reason in (
            ('db-1', 'owner', 'failover planned for tonight'),
            ('billing-1', 'admin', 'unpaid invoice 4711'),
        ):
            self._act(name, 'admin', {'unlock': None})
            self._act(name, user, {'lock': {'locked_reason': reason}})

    def _act(self, name, user, body):
        self.demo.call(
            'POST', '/servers/%s/action' % self.ids[name], user, body)

    def _server(self, name):
        return self.demo.call(
            'GET', '/servers/' + self.ids[name], 'admin')['server']

    def test_the_locked_are_first(self):
        self.log_in('owner')
        self.assertEqual(
            ['billing-1', 'db-1', 'mail-1', 'archive-1', 'batch-1', 'cache-1',
             'web-1'],
            self.page.locator('td a[href*="instances"]').all_inner_texts())
        self.assertEqual(
            ['billing-1', 'Yes', 'Administrator', 'unpaid invoice 4711'],
            self.cells('billing-1')[1:5])
        self.assertEqual(
            ['db-1', 'Yes', 'Project', 'failover planned for tonight'],
            self.cells('db-1')[1:5])
        self.assertIn('minute', self.cells('db-1')[5])
        self.assertEqual(['web-1', 'No', '', '', ''],
                         self.cells('web-1')[1:6])
        self.check_page('project-locks')

    def test_lock_change_reason_unlock(self):
        self.log_in('member')
        self.act('web-1', 'Lock Server')
        self.write_reason('in use')
        self.expect(self.page.locator('[data-lockstatus-counter]')
                    ).to_have_text('6')
        self.check_page('lock-server')
        self.submit()
        self.see('Success', 'Locked: web-1')
        self.assertEqual('in use', self._server('web-1')['locked_reason'])
        self.act('web-1', 'Change Reason')
        self.assertEqual('in use', self.page.input_value('#id_reason'))
        self.write_reason(NASTY)
        self.submit()
        self.see('Success', 'Locked: web-1')
        self.assertEqual(NASTY, self._server('web-1')['locked_reason'])
        self.assertEqual(SHOWN, self.cells('web-1')[4])
        self.check_page('reason-is-text')
        self.act('web-1', 'Unlock Server')
        self.see('Success', 'Unlocked: web-1')
        self.assertIs(False, self._server('web-1')['locked'])

    def test_a_reason_that_is_too_long(self):
        self.log_in('owner')
        self.act('web-1', 'Lock Server')
        self.write_reason('😀' * 256)
        self.submit()
        self.expect(self.page.locator('.has-error')).to_contain_text('255')
        self.assertIs(False, self._server('web-1')['locked'])
        self.write_reason('😀' * 255)
        self.submit()
        self.see('Success', 'Locked: web-1')
        self.assertEqual('😀' * 255, self._server('web-1')['locked_reason'])

    def test_many_with_one_failure(self):
        self.log_in('owner')
        self.tick('web-1', 'batch-1', 'billing-1')
        self.page.click('button:has-text("Lock Servers")')
        self.write_reason('quarterly close')
        self.submit()
        self.see('Success', 'Locked: ')
        self.see('Error', 'Unable to lock billing-1: An administrator of '
                          'another project holds the lock')
        self.check_page('many-with-one-failure')
        self.assertEqual(
            ['quarterly close', 'quarterly close', 'unpaid invoice 4711'],
            [self._server(name)['locked_reason']
             for name in ('web-1', 'batch-1', 'billing-1')])
        self.tick('web-1', 'batch-1', 'billing-1')
        self.page.click('button:has-text("Unlock Servers")')
        self.see('Success', 'Unlocked: ')
        self.see('Error', 'Unable to unlock billing-1')
        self.assertEqual([False, False, True], [
            self._server(name)['locked']
            for name in ('web-1', 'batch-1', 'billing-1')])

    def test_a_refusal_says_who_and_why(self):
        self.log_in('owner')
        self.act('billing-1', 'Unlock Server')
        self.see('Error', 'is locked by admin: unpaid invoice 4711')

    def test_a_reader_cannot_lock(self):
        self.log_in('reader')
        self.assertIn('unpaid invoice 4711', self.cells('billing-1'))
        self.expect(self.page.locator('button, a', has_text='Lock Server')
                    ).to_have_count(0)
        self.expect(self.page.locator('button', has_text='Unlock')
                    ).to_have_count(0)

    def test_filter(self):
        self.log_in('owner')
        for field, text, names in (
            ('locked', 'yes', ['billing-1', 'db-1', 'mail-1']),
            ('locked_by', 'administrator', ['billing-1', 'mail-1']),
            ('name', '^b', ['billing-1', 'batch-1']),
        ):
            self.page.locator('.table_search .dropdown-toggle').click()
            self.page.click('.table_search a[data-select-value="%s"]' % field)
            self.page.fill('[name=locks__lock_filter__q]', text)
            self.page.click('#locks__action_lock_filter')
            self.expect(self.page.locator('td a[href*="instances"]')
                        ).to_have_text(names)

    def test_the_tab_of_a_server(self):
        self.log_in('owner')
        self.page.click('a:text-is("db-1")')
        self.page.click('a:has-text("Lock and host")')
        self.expect(self.page.locator('#lock_history tbody tr').first
                    ).to_contain_text('Lock')
        self.expect(self.page.locator('dd', has_text='failover planned')
                    ).to_be_visible()
        self.check_page('server-tab')


class PagesTestCase(dashboard_case.DashboardTestCase):
    """Two servers on each page."""

    settings = {'NOVA_LOCKSTATUS_PAGE_SIZE': '2',
                'NOVA_LOCKSTATUS_THEME': 'darkly'}

    def _names(self, *names):
        self.expect(self.page.locator('td a[href*="instances"]')
                    ).to_have_text(list(names))

    def test_pages(self):
        self.log_in('owner')
        pages = [('billing-1', 'db-1'), ('mail-1', 'archive-1'),
                 ('batch-1', 'cache-1'), ('web-1',)]
        self._names(*pages[0])
        for names in pages[1:]:
            self.page.locator('tfoot a', has_text='Next').click()
            self._names(*names)
        self.expect(self.page.locator('tfoot a', has_text='Next')
                    ).to_have_count(0)
        for names in pages[-2::-1]:
            self.page.locator('tfoot a', has_text='Prev').click()
            self._names(*names)
        self.expect(self.page.locator('tfoot a', has_text='Prev')
                    ).to_have_count(0)
        self.check_page('dark-project-locks')
        self.log_in('admin')
        self.open('/admin/host_status/')
        self.check_page('dark-host-status')
