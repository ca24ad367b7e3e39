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

"""The commands of the OpenStackClient that lock and unlock."""

import csv
import io
import time

import yaml

from nova_lockstatus.embedded import identity
from nova_lockstatus.embedded import sample_data
from nova_lockstatus.tests.fixtures.osc_case import OscTestCase


class ChangeTestCase(OscTestCase):
    """Commands that lock and unlock."""

    def setUp(self):
        super().setUp()
        # As the demo has it.
        sample_locks = {'db-1': ('owner', 'failover planned for tonight'),
                        'billing-1': ('admin', 'unpaid invoice 4711')}
        locks = self.locks()
        for name in self.ids:
            by, reason = locks[name]
            wanted = sample_locks.get(name, (None, None))
            if (by, reason) != wanted:
                self.nova.request(
                    'POST', '/v2.1/servers/%s/action' % self.ids[name],
                    'admin', {'unlock': None})
                if wanted[0]:
                    self.lock(self.ids[name], wanted[0], wanted[1])
        self.before = self.locks()

    def results(self, rows):
        return {row['Name']: row['Result'] for row in rows}

    def test_set_with_a_reason_at_every_microversion(self):
        for number, version in enumerate((None, '2.1', '2.72', '2.90')):
            reason = 'Umzug ü %d' % number
            pin = (['--os-compute-api-version', version] if version else [])
            rows = self.json(*pin, 'lock', 'set', 'web-1',
                             self.ids['batch-1'], '--reason', reason)
            self.assertEqual(
                [{'ID': self.ids[name], 'Name': name, 'Result': 'locked',
                  'Error': ''} for name in ('web-1', 'batch-1')], rows)
            for name in ('web-1', 'batch-1'):
                self.assertEqual(('owner', reason), self.locks()[name])
            self.assertEqual(1, len(self.extension_calls()))

    def test_set_without_the_plugin(self):
        rows = self.json('lock', 'set', 'web-1', '--reason', 'why',
                         at='stock')
        self.assertEqual({'web-1': 'locked'}, self.results(rows))
        self.assertEqual(('owner', 'why'), self.locks()['web-1'])
        self.assertEqual('compute 2.73', self.asked('stock')[-1][3])

    def test_set_with_a_reason_in_a_cloud_that_takes_none(self):
        lines = [self.error('--os-compute-api-version', '2.72', 'lock', 'set',
                            'web-1', '--reason', 'why', at='stock')]
        calls = self.asked('stock')
        self.age_cloud('2.60')
        lines.append(self.error('lock', 'set', 'web-1', '--reason', 'why',
                                at='stock'))
        self.assertEqual([
            'For a lock with a reason the cloud needs the extension '
            'os-server-locked-status or microversion 2.73, and %s.' % has
            for has in ('--os-compute-api-version is 2.72',
                        "this cloud's newest is 2.60")], lines)
        for request in calls + self.asked('stock'):
            self.assertEqual(
                ('GET', '/v2.1/extensions'), request[:2])
        self.assertEqual(self.before, self.locks())

    def test_set_without_a_reason_in_any_cloud(self):
        self.age_cloud('2.1')
        self.json('lock', 'set', 'web-1', at='stock')
        self.assertEqual(('owner', None), self.locks()['web-1'])
        self.json('lock', 'unset', 'web-1', at='stock')
        self.assertEqual((None, None), self.locks()['web-1'])

    def test_set_of_many_with_one_failing(self):
        ids = [self.nova.boot_server('many-%d' % number)
               for number in range(12)]
        self.addCleanup(self.delete, ids)
        wanted = ['many-%d' % number for number in range(12)]
        rows = self.json(
            'lock', 'set', *wanted[:6], 'nobody', *wanted[6:],
            '--reason', 'all', '--parallel', '10', expected=1,
            stderr='1 of 13 servers could not be locked, the column Error '
                   'says why.\n')
        self.assertEqual([*wanted[:6], 'nobody', *wanted[6:]],
                         [row['Name'] for row in rows])
        self.assertEqual(
            {'failed': ["No server has the name or id 'nobody'."]},
            {row['Result']: [row['Error']] for row in rows
             if row['Result'] != 'locked'})
        locks = self.locks()
        self.assertEqual({('owner', 'all')}, {locks[name] for name in wanted})

        # The cloud refuses one: its lock is an administrator's.
        self.nova.request(
            'POST', '/v2.1/servers/%s/action' % ids[3], 'admin',
            {'lock': {'locked_reason': 'stays'}})
        rows = self.json(
            'lock', 'unset', *wanted, expected=1,
            stderr='1 of 12 servers could not be unlocked, the column Error '
                   'says why.\n')
        (failed,) = [row for row in rows if row['Result'] == 'failed']
        self.assertEqual(('many-3', ids[3]), (failed['Name'], failed['ID']))
        self.assertEqual(
            "Policy doesn't allow os_compute_api:os-lock-server:unlock:"
            'unlock_override to be performed. Instance %s is locked by admin: '
            'stays (HTTP 403)' % ids[3], failed['Error'])
        locks = self.locks()
        self.assertEqual(('admin', 'stays'), locks.pop('many-3'))
        self.assertEqual({(None, None)}, {
            lock for name, lock in locks.items() if name in wanted})

    def delete(self, ids):
        for uuid in ids:
            self.nova.request('DELETE', '/v2.1/servers/' + uuid, 'admin')
        while set(ids) & set(self.detail('admin', query='?all_tenants=1')):
            time.sleep(0.1)

    def test_names_that_are_not_enough(self):
        ids = sorted(self.nova.boot_server('twin') for _ in range(2))
        self.addCleanup(self.delete, ids)
        rows = self.json(
            'lock', 'set', 'twin', expected=1, stderr='1 of 1 servers could '
            'not be locked, the column Error says why.\n')
        message = ("2 servers have the name 'twin', name one by its id: "
                   '%s, %s.' % tuple(ids))
        self.assertEqual(message, rows[0]['Error'])
        self.assertEqual(message, self.error('lock', 'show', 'twin'))
        self.assertEqual((None, None), self.locks()['twin'])
        self.assertEqual(
            ids[1], self.json('lock', 'set', ids[1])[0]['ID'])

    def test_a_server_that_is_named_twice_is_locked_once(self):
        rows = self.json('lock', 'set', 'web-1', self.ids['web-1'], 'web-1')
        self.assertEqual({'web-1': 'locked'}, self.results(rows))
        self.assertEqual(1, len(rows))
        self.assertEqual(1, sum(request[0] == 'POST'
                                for request in self.asked()))

    def test_dry_run_changes_nothing(self):
        for argv, expected in (
                (('set', 'web-1', '--reason', 'x'),
                 {'web-1': 'would be locked'}),
                (('set', '--project', 'demo'),
                 dict.fromkeys(sample_data._SERVERS, 'would be locked')),
                (('unset', 'db-1'), {'db-1': 'would be unlocked'}),
                (('unset', '--project', 'demo'),
                 {'db-1': 'would be unlocked',
                  'billing-1': 'would be unlocked'})):
            for at in ('plugin', 'stock'):
                rows = self.json('lock', *argv, '--dry-run', at=at)
                self.assertEqual(expected, self.results(rows))
                self.assertEqual({'GET'}, {
                    request[0] for request in self.sites[at].requests})
        self.assertEqual(self.before, self.locks())
        rows = self.json('lock', 'set', 'nobody', '--dry-run', expected=1,
                         stderr='1 of 1 servers could not be locked, the '
                         'column Error says why.\n')
        self.assertEqual({'nobody': 'failed'}, self.results(rows))

    def test_selection_by_host(self):
        for at in ('plugin', 'stock'):
            rows = self.json(
                'lock', 'set', '--all-projects', '--host', 'compute2',
                '--reason', 'firmware', cloud='admin', at=at)
            self.assertEqual({'batch-1': 'locked'}, self.results(rows))
            self.assertEqual(('admin', 'firmware'), self.locks()['batch-1'])
            rows = self.json(
                'lock', 'unset', '--all-projects', '--host', 'compute2',
                cloud='admin', at=at)
            self.assertEqual({'batch-1': 'unlocked'}, self.results(rows))
            # It is no longer locked, so there is nothing to unlock.
            self.assertEqual([], self.json(
                'lock', 'unset', '--all-projects', '--host', 'compute2',
                cloud='admin', at=at))
        self.assertEqual(self.before, self.locks())
        # Whom Nova does not let choose by host does not lock it all.
        self.assertIn('--host cannot be used', self.error(
            'lock', 'set', '--host', 'compute2'))
        self.assertEqual(self.before, self.locks())

    def test_selection_by_tag(self):
        for name, tags in (('web-1', ['blue', 'front']),
                           ('cache-1', ['blue'])):
            answer = self.nova.request(
                'PUT', '/v2.1/servers/%s/tags' % self.ids[name], 'owner',
                {'tags': tags}, '2.26')
            self.assertEqual(200, answer.status_code)
        for at in ('plugin', 'stock'):
            rows = self.json('lock', 'set', '--tag', 'blue', at=at)
            self.assertEqual({'web-1': 'locked', 'cache-1': 'locked'},
                             self.results(rows))
            rows = self.json('lock', 'unset', '--tag', 'blue',
                             '--tag', 'front', at=at)
            self.assertEqual({'web-1': 'unlocked'}, self.results(rows))
            self.assertEqual(
                ['cache-1'], [row['Name'] for row in self.json(
                    'lock', 'list', '--tag', 'blue', at=at)])
            self.json('lock', 'unset', '--tag', 'blue', at=at)
        self.assertEqual(self.before, self.locks())

    def test_selection_of_what_is_locked_in_an_older_cloud(self):
        self.age_cloud('2.60')
        rows = self.json('lock', 'unset', '--project', 'demo', '--dry-run',
                         at='stock')
        self.assertEqual({'db-1', 'billing-1'}, set(self.results(rows)))
        self.age_cloud('2.8')
        rows = self.json('lock', 'unset', '--project', 'demo', '--dry-run',
                         at='stock')
        self.assertEqual(set(self.ids), set(self.results(rows)))

    def test_which_servers_must_be_said(self):
        for command in ('set', 'unset'):
            for argv in ((), ('--all-projects',)):
                self.assertEqual(
                    'Name the servers, or choose them with --project, --host '
                    'or --tag.', self.error('lock', command, *argv))
            self.assertEqual(
                'Name the servers, or choose them with --project, --host and '
                '--tag, but not both.', self.error(
                    'lock', command, 'web-1', '--tag', 'x'))
        self.assertEqual(self.before, self.locks())

    def test_reason_of_a_wrong_length(self):
        for reason in ('', 'x' * 256):
            run = self.run_client(
                argv=['lock', 'set', 'web-1', '--reason', reason])
            self.assertEqual((2, ''), (run.code, run.out))
            self.assertIn(
                'argument --reason: a reason has 1 to 255 characters, this '
                'one %d\n' % len(reason), run.err)
        self.assertEqual(self.before, self.locks())

    def test_reason_that_would_not_come_into_force(self):
        for at, name, message in (
                ('plugin', 'billing-1', 'An administrator holds the lock, '
                 'the reason stays theirs.'),
                ('stock', 'db-1', 'It is locked already, and this cloud does '
                 'not replace the reason: unlock it first.')):
            rows = self.json(
                'lock', 'set', name, '--reason', 'mine', at=at, expected=1,
                stderr='1 of 1 servers could not be locked, the column Error '
                       'says why.\n')
            self.assertEqual(message, rows[0]['Error'])
        self.assertEqual(self.before, self.locks())
        self.json('lock', 'set', 'db-1', '--reason', 'mine')
        self.assertEqual(('owner', 'mine'), self.locks()['db-1'])

    def test_history_of_several_locks(self):
        self.json('lock', 'set', 'web-1', '--reason', 'one')
        self.json('lock', 'unset', 'web-1')
        self.json('lock', 'set', self.ids['web-1'], cloud='admin')
        for at in ('plugin', 'stock'):
            history = self.json('lock', 'show', 'web-1', at=at)['history']
            self.assertEqual(
                [('lock', identity.ADMIN.user_id),
                 ('unlock', identity.OWNER.user_id),
                 ('lock', identity.OWNER.user_id)],
                [(event['action'], event['user_id'])
                 for event in history[:3]])

    def test_reason_does_not_reach_the_terminal_as_it_is(self):
        reason = 'x\x1b]0;owned\x07\x1b[2J\n%s y' % self.ids['db-1']
        shown = r'x\x1b]0;owned\x07\x1b[2J\n%s y' % self.ids['db-1']
        self.lock(self.ids['web-1'], reason=reason)
        for argv in (['list', '--all-projects', '-c', 'Reason',
                      '--reason', 'owned'],
                     ['show', self.ids['web-1'], '-c', 'locked_reason']):
            for form in ('table', 'value'):
                lines = self.openstack('lock', *argv, '-f', form,
                                       cloud='admin').splitlines()
                (line,) = [line for line in lines if 'owned' in line]
                self.assertIn(shown, line)
                self.assertEqual([], [
                    line for line in lines if not line.isprintable()])
        # What a program reads is what was given.
        self.assertEqual(reason, self.locks()['web-1'][1])
        self.assertEqual(reason, self.json(
            'lock', 'show', 'web-1')['locked_reason'])
        for form in ('csv', 'yaml'):
            self.assertEqual(
                reason, self.rows(form, 'lock', 'list')['web-1'])

    def rows(self, form, *argv):
        """Return the reasons by name, as a program reads them."""
        text = self.openstack(*argv, '-f', form)
        rows = (yaml.safe_load(text) if form == 'yaml'
                else csv.DictReader(io.StringIO(text)))
        return {row['Name']: row['Reason'] for row in rows}

    def test_history_of_many_pages(self):
        for _ in range(3):
            self.lock(self.ids['web-1'], 'admin')
        self.configure('api', max_limit=2)
        shown = [self.json('--os-compute-api-version', version, 'lock',
                           'show', self.ids['web-1'], at='stock')
                 for version in ('2.57', '2.58')]
        self.assertEqual(shown[0]['history'], shown[1]['history'])
        self.assertEqual(shown[0]['locked_at'], shown[1]['locked_at'])

    def test_bar_for_somebody_who_watches(self):
        argv = ['lock', 'set', 'web-1', 'batch-1', '--dry-run']
        run = self.run_client(argv=argv, terminal=True)
        self.assertEqual(0, run.code)
        self.assertIn('Servers', run.err)
        self.assertIn('2/2', run.err)
        self.assertIn('would be locked', run.out)
        for quiet in (['--quiet', *argv], argv[:3] + argv[4:]):
            run = self.run_client(argv=quiet, terminal=True)
            self.assertEqual((0, ''), (run.code, run.err))
