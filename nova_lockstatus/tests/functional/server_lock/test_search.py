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

"""Filters and orders over several cells, with paging."""

import itertools

import fixtures
from nova import context
from nova import policy as nova_policy
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.policies import server_locked_status as policies
from nova_lockstatus.tests.fixtures import base

CELLS = 2


class SeveralCellsTestCase(base.NovaTestCase):

    options = {'cells': CELLS, 'hosts': ('compute1', 'compute2'), 'policy': {
        'os_compute_api:servers:index:get_all_tenants': '@'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = {}
        for number in range(6):
            name = 'server-%d' % number
            cls.servers[name] = cls.nova.boot_server(
                name, host='compute%d' % (number % CELLS + 1))

    def setUp(self):
        super().setUp()
        self.lock(self.servers['server-1'])
        self.lock(self.servers['server-2'])
        self.lock(self.servers['server-3'], 'admin')

    def names(self, query, microversion='2.1', token='owner'):
        answer = self.nova.request('GET', '/v2.1/servers' + query, token,
                                   microversion=microversion)
        self.assertEqual(200, answer.status_code, answer.text)
        links = [link['href'] for link in answer.json.get('servers_links', ())
                 if link['rel'] == 'next']
        return [server['name'] for server in answer.json['servers']], links

    def pages(self, query, microversion):
        gathered = []
        # As many pages as servers, and an empty one: a page that begins in
        # the wrong place could have one after it for ever.
        for _ in range(len(self.servers) + 1):
            names, links = self.names(query, microversion)
            gathered += names
            if not links:
                return gathered
            query = '?' + links[0].partition('?')[2]
        self.fail('There are more pages than servers: %s' % gathered)

    def assert_pages(self, key, *groups):
        """Assert that pages have all servers in the right order.

        :param key: what they are sorted by
        :param groups: names of servers that have the same, in ascending order
        """
        order = [sorted(names, key=self.servers.get) for names in groups]
        for direction, ordered in (('asc', order), ('desc', order[::-1])):
            expected = list(itertools.chain(*ordered))
            for version, limit in itertools.product(('2.1', '2.73'),
                                                    (1, 2, 4)):
                query = '?sort_key=%s&sort_dir=%s&limit=%d' % (
                    key, direction, limit)
                self.assertEqual(
                    expected, self.pages(query, version), (version, query))

    def test_pages(self):
        for version in ('2.1', '2.73', 'latest'):
            self.assertEqual(
                ['server-1', 'server-2', 'server-3'],
                self.pages('?locked=1&limit=1&sort_key=display_name'
                           '&sort_dir=asc', version))
            # Nova's link to the next page has room for one key to sort by.
            gathered = self.pages('?limit=2&sort_key=locked&sort_dir=desc',
                                  version)
            self.assertEqual(['server-1', 'server-2', 'server-3'],
                             sorted(gathered[:3]))
            self.assertEqual(['server-0', 'server-4', 'server-5'],
                             sorted(gathered[3:]))

    def test_null_comes_first(self):
        unlocked = ['server-0', 'server-4', 'server-5']
        locked = ['server-3', 'server-1', 'server-2']
        order = '&sort_key=display_name&sort_dir=asc'
        self.assertEqual(unlocked + locked, self.names(
            '?sort_key=locked_by&sort_dir=asc' + order)[0])
        self.assertEqual(locked[1:] + locked[:1] + unlocked, self.names(
            '?sort_key=locked_by&sort_dir=desc' + order)[0])

    def test_pages_by_who_locked(self):
        self.assert_pages('locked_by', ['server-0', 'server-4', 'server-5'],
                          ['server-3'], ['server-1', 'server-2'])

    def test_pages_by_lock(self):
        self.assert_pages('locked', ['server-0', 'server-4', 'server-5'],
                          ['server-1', 'server-2', 'server-3'])

    def test_any_marker_of_an_order_by_several_keys(self):
        for directions in itertools.product(('asc', 'desc'), repeat=2):
            query = ('?sort_key=locked_by&sort_dir=%s&sort_key=display_name'
                     '&sort_dir=%s' % directions)
            names = self.names(query)[0]
            self.assertEqual(set(self.servers), set(names))
            for place, name in enumerate(names, start=1):
                self.assertEqual(names[place:], self.names(
                    query + '&marker=' + self.servers[name])[0])

    def test_fewer_directions_than_keys(self):
        for query in ('?sort_key=locked&sort_key=display_name',
                      '?sort_key=locked_by&sort_key=display_name'
                      '&sort_dir=asc',
                      '?sort_key=display_name&sort_key=locked_by'
                      '&sort_dir=desc'):
            names = self.names(query)[0]
            self.assertEqual(set(self.servers), set(names))
            for place, name in enumerate(names, start=1):
                self.assertEqual(names[place:], self.names(
                    query + '&marker=' + self.servers[name])[0], query)

    def assert_asks_in_vain(self, token, query=''):
        """Assert that a caller learns nothing of who locked servers."""
        order = '&sort_key=display_name&sort_dir=asc'
        names = sorted(self.servers)
        for version, parameter in itertools.product(
                ('2.1', 'latest'),
                ('locked_by=admin', 'locked_by=x&locked_by=admin',
                 '%6cocked_by=admin', 'limit=9;locked_by=admin')):
            self.assertEqual(names, self.names(
                '?%s%s%s' % (query, parameter, order), version, token)[0],
                parameter)

    def test_lists_with_servers_of_whose_lock_nothing_is_to_be_seen(self):
        for token in ('other', 'owner'):
            self.assert_asks_in_vain(token, 'all_tenants=1&')
            self.assert_asks_in_vain(token, 'all_tenants&')
            # Stock Nova has the order for everybody, so the default has it.
            self.assertEqual('server-3', self.names(
                '?all_tenants=1&sort_key=lock%65d_by&sort_dir=asc'
                '&sort_key=display_name&sort_dir=asc', token=token)[0][3])
        self.assertEqual(['server-3'], self.names(
            '?all_tenants=1&locked_by=admin', token='admin')[0])
        for query in ('', 'all_tenants=0&'):
            self.assertEqual(['server-3'], self.names(
                '?%slocked_by=admin' % query, token='reader')[0])

    def test_rule_that_asks_for_the_user(self):
        self.nova.services.policy.set_rules(
            {policies.LOCKED_BY: 'user_id:%(user_id)s'}, overwrite=False)
        self.addCleanup(self.nova.services.policy.set_rules, {
            policies.LOCKED_BY: str(nova_policy._ENFORCER.registered_rules[
                policies.LOCKED_BY].check)}, overwrite=False)
        for token in ('member', 'owner'):
            # There could be some of another user.
            self.assert_asks_in_vain(token)
            for version in ('2.1', 'latest'):
                self.assert_refused(403, '?sort_key=lock%65d_by', version,
                                    token, policies.LOCKED_BY)

    def test_marker_of_whose_lock_nothing_is_to_be_seen(self):
        foreign = self.nova.boot_server('foreign', 'other')
        self.addCleanup(self.nova.request, 'DELETE',
                        '/v2.1/servers/' + foreign, 'other')
        for key, version in itertools.product(
                ('locked', 'locked_by', 'display_name&sort_key=locked'),
                ('2.1', 'latest')):
            answers = [self.nova.request(
                'GET', '/v2.1/servers?%ssort_key=%s&marker=%s' % (
                    query, key, foreign), token, microversion=version)
                for token, query in (('owner', ''), ('admin', 'all_tenants&'))]
            self.assertEqual([400, 200], [
                answer.status_code for answer in answers])
            self.assertIn('marker [%s] not found' % foreign, answers[0].text)

    def test_expressions_that_match_who_locked(self):
        for version, (query, names) in itertools.product(
                ('2.1', 'latest'), (
                    ('own', ['server-1', 'server-2']),
                    ('%5Eadmin$', ['server-3']),
                    ('ADMIN', ['server-3']),
                    ('a%7B1,65536%7D', ['server-3']),
                    ('bob&locked_by=owner', None),
                    ('owner&locked_by=admin', ['server-3']),
                    ('admin%7Cowner', ['server-1', 'server-2', 'server-3']))):
            for token in ('owner', 'admin'):
                full = '?all_tenants=1&' if token == 'admin' else '?'
                full += 'locked_by=' + query
                if names is None:
                    self.assert_refused(400, full, version, token)
                else:
                    self.assertEqual(names, sorted(
                        self.names(full, version, token)[0]), full)

    def assert_refused(self, status, query, microversion, token='owner',
                       text=''):
        answer = self.nova.request('GET', '/v2.1/servers' + query, token,
                                   microversion=microversion)
        self.assertEqual(status, answer.status_code, (query, answer.text))
        self.assertIn(text, answer.text)

    def test_expressions_that_can_match_nobody(self):
        for version, token, (query, text) in itertools.product(
                ('2.1', 'latest'), ('owner', 'admin'), (
                    ('bob', "'bob' matches none of ['owner', 'admin']"),
                    ('%5B%5B:foo:%5D%5D', 'matches none of'),
                    ('%5B%5B.x.%5D%5D', 'matches none of'),
                    ('(?u:x)', 'matches none of'),
                    ('%F0%9F%94%92', 'matches none of'),
                    ('((((.?)%7B9%7D)%7B9%7D)%7B9%7D)%7B9%7Dx',
                     "is not a 'regex'"),
                    ('%2A', "is not a 'regex'"))):
            self.assert_refused(400, '?locked_by=' + query, version, token,
                                text)

    def test_words_that_are_escaped(self):
        for query in ('%6cocked=true', 'lock%65d_by=admin|owner',
                      'limit=9;locked=true', 'locked=true;limit=9'):
            self.assertEqual(['server-1', 'server-2', 'server-3'],
                             sorted(self.names('?' + query)[0]))

    def test_servers_that_are_not_scheduled_yet(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.conductor.api.ComputeTaskAPI.'
            'schedule_and_build_instances', lambda *args, **kwargs: None))
        new = ['build-1', 'build-2']
        for name in new:
            self.addCleanup(
                self.nova.request, 'DELETE', '/v2.1/servers/'
                + self.nova.boot_server(name, wait=False), 'owner')
        locked = ['server-1', 'server-2', 'server-3']
        for version, (query, names) in itertools.product(
                ('2.1', 'latest'), (
                    ('locked=true', locked),
                    ('locked=true&limit=3', locked),
                    ('locked_by=admin|owner', locked),
                    ('locked=false', [*new, 'server-0', 'server-4',
                                      'server-5']))):
            self.assertEqual(names, sorted(
                self.names('?' + query, version)[0]), query)
        for query in ('sort_key=locked_by',
                      'sort_key=locked_by&sort_key=display_name&sort_dir=asc',
                      'sort_key=display_name&sort_dir=asc'
                      '&sort_key=locked_by'):
            names = self.names('?' + query)[0]
            self.assertEqual(new, sorted(names[:2]))
            self.assertEqual(set(self.servers), set(names[2:]))

    def set_locked(self, cell, name, value):
        with context.target_cell(
                context.get_admin_context(),
                self.nova.services.cell_mappings[cell]) as ctxt:
            with db.get_context_manager(ctxt).writer.using(ctxt) as session:
                session.query(models.Instance).filter_by(
                    uuid=self.servers[name]).update({'locked': value})

    def set_old(self):
        """Have two servers that are older than locks."""
        for cell, name in (('cell1', 'server-0'), ('cell2', 'server-5')):
            self.set_locked(cell, name, None)
            self.addCleanup(self.set_locked, cell, name, False)

    def test_old_row_that_knows_nothing_of_locks(self):
        self.set_old()
        for version in ('2.1', '2.73'):
            self.assertEqual(
                ['server-0', 'server-5', 'server-4',
                 'server-1', 'server-2', 'server-3'],
                self.names('?sort_key=locked&sort_dir=asc'
                           '&sort_key=display_name&sort_dir=asc',
                           version)[0])

    def test_pages_with_old_rows(self):
        self.set_old()
        self.assert_pages('locked', ['server-0', 'server-5'], ['server-4'],
                          ['server-1', 'server-2', 'server-3'])
