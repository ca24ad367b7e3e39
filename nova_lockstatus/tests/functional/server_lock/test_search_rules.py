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

"""Filters and orders by the lock, and its keys, under an operator's rules.

No list is another one than Nova's: who may not filter by what Nova itself
filters by is refused.
"""

import itertools

from nova import policy as nova_policy

from nova_lockstatus.policies import server_locked_status as policies
from nova_lockstatus.tests.fixtures import base

SERVERS = 'os_compute_api:servers:'

MEMBERS = dict.fromkeys((SERVERS + 'index', SERVERS + 'detail'), 'role:member')

NOT_BY_PROJECT = {'project_reader_or_admin': 'rule:context_is_admin'}

NOVA_FILTERS_FROM = ('2.73', '2.74', 'latest')

BY_NAME = '&sort_key=display_name&sort_dir=asc'


class RulesTestCase(base.NovaTestCase):
    """One server is not locked, one by its owner, one by an admin."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = base.load_app(pipelines=())
        cls.servers = {name: cls.nova.boot_server(name)
                       for name in ('a', 'b', 'c')}

    def setUp(self):
        super().setUp()
        self.lock(self.servers['b'], reason='why')
        self.lock(self.servers['c'], 'admin', reason='because')

    def set_rules(self, rules):
        """Set rules as a policy file does, until the test ends."""
        registered = nova_policy._ENFORCER.registered_rules
        set_rules = self.nova.services.policy.set_rules
        self.addCleanup(set_rules, {
            name: str(registered[name].check) for name in rules},
            overwrite=False)
        set_rules(rules, overwrite=False)

    def ask(self, path, token, version, app=None):
        answer = base.ask(app or self.nova.app, 'GET', path, token, version)
        return answer.status_code, answer.json

    def assert_as_stock(self, path, token, version):
        stock = self.ask(path, token, version, self.stock)
        self.assertEqual(stock, self.ask(path, token, version),
                         (path, version))
        return stock

    def names(self, path, token='owner', version=None):
        status, body = self.ask(path, token, version)
        self.assertEqual(200, status, (path, version, body))
        return [server['name'] for server in body['servers']]

    def assert_refused(self, rule, path, token='owner', version=None):
        status, body = self.ask(path, token, version)
        self.assertEqual(403, status, (path, version, body))
        self.assertIn("Policy doesn't allow %s to be performed" % rule,
                      body['forbidden']['message'])

    def assert_lists_as_stock(self, token, query=''):
        for version, parameters in itertools.product(NOVA_FILTERS_FROM, (
                'locked=true', 'locked=false', 'locked=true&limit=1',
                'locked=garbage', 'sort_key=locked&sort_dir=desc',
                'sort_key=locked_by&sort_dir=desc',
                'sort_key=locked&sort_dir=asc&limit=1')):
            status, _body = self.assert_as_stock(
                '/v2.1/servers?%s%s%s' % (query, parameters, BY_NAME), token,
                version)
            self.assertEqual(400 if 'garbage' in parameters else 200, status)
        path = '/v2.1/servers/detail?%slocked=true%s' % (query, BY_NAME)
        for version in NOVA_FILTERS_FROM:
            keys = [[(server['name'], server['locked'],
                      server['locked_reason'])
                     for server in self.ask(path, token, version, app)[1][
                         'servers']] for app in (self.stock, None)]
            self.assertEqual(*keys)
            self.assertEqual(
                [('b', True, 'why'), ('c', True, 'because')], keys[0])

    def test_those_who_may_show_servers_by_a_rule_of_the_operators(self):
        self.set_rules({**MEMBERS, **NOT_BY_PROJECT,
                        SERVERS + 'show': 'role:member'})
        self.assert_lists_as_stock('owner')
        path = '/v2.1/servers/' + self.servers['b']
        for version in ('2.1', '2.9', '2.73', 'latest'):
            server = self.ask(path, 'owner', version)[1]['server']
            self.assertEqual((True, 'why'), (
                server['locked'], server['locked_reason']), version)
        self.assertEqual(['b', 'c'], self.names(
            '/v2.1/servers?locked=true' + BY_NAME, version='2.1'))

    def test_those_who_may_only_list_servers(self):
        self.set_rules({**MEMBERS, **NOT_BY_PROJECT})
        self.assert_lists_as_stock('owner')
        # Below, where Nova neither shows nor filters, the rule decides.
        server = self.ask('/v2.1/servers/detail', 'owner', '2.8')[1][
            'servers'][0]
        self.assertNotIn('locked', server)
        self.assertEqual(['a', 'b', 'c'], self.names(
            '/v2.1/servers?locked=true' + BY_NAME, version='2.72'))

    def test_those_who_list_the_servers_of_all_projects(self):
        self.set_rules(dict.fromkeys(
            (SERVERS + 'index:get_all_tenants',
             SERVERS + 'detail:get_all_tenants'), '@'))
        self.assert_lists_as_stock('other', 'all_tenants=1&')
        marker = '&marker=' + self.servers['c']
        for version in NOVA_FILTERS_FROM:
            self.assert_as_stock(
                '/v2.1/servers?all_tenants=1&sort_key=locked' + marker,
                'other', version)

    def test_those_who_may_use_all_filters(self):
        self.set_rules({**MEMBERS, **NOT_BY_PROJECT,
                        SERVERS + 'allow_all_filters': 'role:member'})
        for version, value in itertools.product(
                ('2.1', '2.73', 'latest'), ('owner', 'admin', 'own')):
            self.assert_as_stock('/v2.1/servers?locked_by=' + value, 'owner',
                                 version)

    def test_default_that_is_written_down(self):
        self.set_rules({**MEMBERS, **NOT_BY_PROJECT, policies.LOCKED: (
            'rule:os_compute_api:servers:show')})
        self.assert_lists_as_stock('owner')

    def test_rule_that_is_narrower(self):
        self.set_rules({policies.LOCKED: 'rule:context_is_admin'})
        for version, query in itertools.product(NOVA_FILTERS_FROM, (
                'locked=true', 'locked=true&limit=1', 'locked=garbage',
                '%6cocked=1', 'locked=1&locked=0', 'sort_key=locked',
                'sort_key=display_name&sort_key=lock%65d')):
            for path in ('/v2.1/servers?', '/v2.1/servers/detail?'):
                self.assert_refused(policies.LOCKED, path + query,
                                    version=version)
        # Stock Nova ignores them.
        for api, version in (('/v2', '2.1'), ('/v2.1', '2.1'),
                             ('/v2.1', '2.72')):
            for query in ('locked=true', 'locked=garbage',
                          'sort_key=locked&sort_dir=desc'):
                self.assertEqual(['a', 'b', 'c'], self.names(
                    '%s/servers?%s%s' % (api, query, BY_NAME),
                    version=version))
        self.assertEqual(['b', 'c'], self.names(
            '/v2.1/servers?all_tenants=1&locked=1' + BY_NAME, 'admin', '2.1'))

    def test_rule_that_lets_nobody_pass(self):
        self.set_rules(dict.fromkeys((policies.LOCKED, policies.LOCKED_BY),
                                     '!'))
        for api, version in (('/v2', '2.1'), ('/v2.1', '2.1'),
                             ('/v2.1', '2.73'), ('/v2.1', 'latest')):
            path = api + '/servers?all_tenants=1'
            for query in ('&locked_by=owner', '&sort_key=locked_by'):
                self.assert_refused(policies.LOCKED_BY, path + query, 'admin',
                                    version)
            self.assert_refused(policies.LOCKED_BY,
                                api + '/servers?sort_key=locked_by',
                                version=version)
            # Stock Nova ignores it for members.
            self.assertEqual(['a', 'b', 'c'], self.names(
                api + '/servers?locked_by=owner' + BY_NAME, version=version))
        for api, version in (('/v2', '2.1'), ('/v2.1', '2.73')):
            self.assert_refused(
                policies.LOCKED, api + '/servers?all_tenants=1&locked=1',
                'admin', version)
        # So far its schemas take it out for everybody.
        self.assertEqual(['a', 'b', 'c'], self.names(
            '/v2.1/servers?all_tenants=1&locked=1' + BY_NAME, 'admin',
            '2.72'))
