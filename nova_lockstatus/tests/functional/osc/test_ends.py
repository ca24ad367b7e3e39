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

"""The commands of the OpenStackClient know the ends of locks."""

import datetime
import time

from oslo_utils import timeutils

from nova_lockstatus.tests.fixtures import osc_case


class EndsTestCase(osc_case.OscTestCase):

    options = {**osc_case.OscTestCase.options, 'config': {
        **osc_case.OscTestCase.options['config'], **osc_case.WITH_ENDS}}

    def setUp(self):
        super().setUp()
        self.addCleanup(self.unlock)

    def unlock(self):
        for token in ('owner', 'admin'):
            self.nova.request(
                'POST', '/v2.1/servers/%s/action' % self.ids['web-1'], token,
                {'unlock': None})

    def web(self):
        return self.show(self.ids['web-1'], 'admin')

    def assertAbout(self, seconds, until):
        ahead = timeutils.parse_isotime(until) - timeutils.utcnow(True)
        self.assertLess(abs(ahead.total_seconds() - seconds), 60)

    def test_set_for(self):
        for number, version in enumerate((None, '2.1', '2.90')):
            pin = ['--os-compute-api-version', version] if version else []
            self.json(*pin, 'lock', 'set', 'web-1', '--for',
                      '%dd' % (2 + number), '--reason', 'why')
            web = self.web()
            self.assertEqual(('owner', 'why'),
                             (web['locked_by'], web['locked_reason']))
            self.assertAbout((2 + number) * 86400, web['locked_until'])

    def test_set_until(self):
        self.json('lock', 'set', 'web-1', '--until',
                  '2030-12-24T08:00:00+01:00')
        self.assertEqual('2030-12-24T07:00:00Z', self.web()['locked_until'])
        shown = self.json('lock', 'show', 'web-1')
        self.assertEqual(('2030-12-24T07:00:00Z', False),
                         (shown['locked_until'], shown['delete_protected']))
        row, = (row for row in self.json('lock', 'list')
                if row['Name'] == 'web-1')
        self.assertEqual('2030-12-24T07:00:00Z', row['Until'])

    def test_owners_lock_beside_an_admins(self):
        self.lock(self.ids['web-1'], 'admin', 'stays')
        self.json('lock', 'set', 'web-1', '--reason', 'mine', '--for', '1h')
        self.assertEqual('stays', self.web()['locked_reason'])

    def test_release(self):
        self.json('lock', 'set', 'web-1', '--for', '1h', '--release')
        answer = self.nova.request(
            'GET', '/v2.1/servers/%s/os-locks' % self.ids['web-1'], 'owner')
        lock, = answer.json['locks']
        self.assertTrue(lock['release'])

    def test_list_expired(self):
        self.assertEqual([], self.json('lock', 'list', '--expired'))
        until = timeutils.utcnow() + datetime.timedelta(seconds=0.5)
        answer = self.nova.request(
            'POST', '/v2.1/servers/%s/action' % self.ids['web-1'], 'owner',
            {'lock': {'locked_until': until.isoformat() + 'Z'}})
        self.assertEqual(202, answer.status_code, answer.text)
        time.sleep(1.6)
        self.assertEqual(['web-1'], [
            row['Name'] for row in self.json('lock', 'list', '--expired')])

    def test_wrong_times(self):
        for argv, text in (
                (['--until', 'tomorrow'], "'tomorrow' is no time, as"),
                (['--until', '2020-01-01T00:00:00'], 'is in the past'),
                (['--for', '2y'], "'2y' is no length of time"),
                (['--for', '0d'], "'0d' is no time at all")):
            run = self.run_client(argv=['lock', 'set', 'web-1', *argv])
            self.assertEqual(2, run.code)
            self.assertIn(text, run.err)
        self.assertIn('not allowed with', self.run_client(argv=[
            'lock', 'set', 'web-1', '--for', '1d', '--until',
            '2030-01-01T00:00:00']).err)
        self.assertEqual(
            '--release needs the end of the lock, --until or --for.',
            self.error('lock', 'set', 'web-1', '--release'))
        self.assertFalse(self.web()['locked'])


class WithoutTestCase(osc_case.OscTestCase):
    """A cloud whose locks have no end refuses what it would ignore."""

    def test_refused(self):
        for at in ('plugin', 'stock'):
            before = self.locks()
            for argv, title in (
                    (['set', 'web-1', '--for', '2d'], 'a lock with an end'),
                    (['list', '--expired'], 'when a lock ends')):
                self.assertEqual(
                    'For %s the cloud needs the extension os-server-locks, '
                    'and this cloud does not have it.' % title,
                    self.error('lock', *argv, at=at))
            self.assertEqual(before, self.locks())

    def test_nothing_is_shown(self):
        self.assertNotIn('Until', self.json('lock', 'list')[0])
        shown = self.json('lock', 'show', 'db-1')
        self.assertNotIn('locked_until', shown)
        self.assertNotIn('delete_protected', shown)
