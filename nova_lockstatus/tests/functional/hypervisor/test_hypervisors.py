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

"""Compares lists of hypervisors with stock Nova's, and tests the filters."""

import itertools
import json
import time
import types
import urllib.parse

import fixtures
import requests
from nova.db.main import models
from nova.tests import fixtures as nova_fixtures

from nova_lockstatus.embedded import identity
from nova_lockstatus.osc import client
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts

KEYS = ('disabled_reason', 'forced_down')

MICROVERSIONS = ('2.1', '2.27', '2.28', '2.33', '2.52', '2.53', '2.74', '2.75',
                 '2.87', '2.88', 'latest')

LISTS = ('', '/detail')

PROJECT = identity.ADMIN.project_id


class HypervisorsTestCase(base.NovaTestCase):
    """Two cells with hosts in all states."""

    options = {'cells': 2, 'hosts': ('compute1', 'compute2'),
               # The rows' heartbeats are that old at the most.
               'config': {(None, 'service_down_time'): 3600}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = staticmethod(base.load_app(pipelines=()))
        for cell in ('cell1', 'cell2'):
            cls.add(cell, 'plain')
            cls.add(cell, 'off', service={'disabled': True,
                                          'disabled_reason': 'broken fan'})
            cls.add(cell, 'forced', service={'forced_down': True})
            cls.add(cell, 'dead', service={
                'last_seen_up': many_hosts.LONG_AGO, 'disabled': True})
            cls.add(cell, 'gone', service={'deleted': 7})
            cls.add(cell, 'last')
            many_hosts.add_nodes(cls.nova, cell, ['node-a-' + cell,
                                                  'node-b-' + cell],
                                 host='plain-' + cell)
            cls.nova.boot_server('db', host='compute' + cell[-1])
            cls.nova.boot_server('web', host='compute' + cell[-1])
        cls.add('cell2', 'more')

    @classmethod
    def add(cls, cell, name, **columns):
        many_hosts.add(cls.nova, cell, ['%s-%s' % (name, cell)], **columns)

    def ask(self, path, microversion='2.1', app=None, token='admin'):
        if not path.startswith('/v2'):
            path = '/v2.1/os-hypervisors' + path
        return base.ask(app or self.nova.app, 'GET', path, token,
                        microversion)

    def names(self, path, microversion='2.1'):
        answer = self.ask(path, microversion)
        self.assertEqual(200, answer.status_code, answer.text)
        return [item['hypervisor_hostname']
                for item in answer.json['hypervisors']]

    def assertAsStock(self, path, microversion):
        """Compare an answer with stock Nova's.

        :returns: the status of both
        """
        stock = self.ask(path, microversion, self.stock)
        ours = self.ask(path, microversion)
        where = '%s at %s' % (path, microversion)
        self.assertEqual(stock.status, ours.status, where)
        body = ours.json
        if ours.status_code == 200:
            for item in body.get('hypervisors', [body.get('hypervisor', {})]):
                for key in KEYS:
                    self.assertIn(key, item, where)
                    del item[key]
        self.assertEqual(json.dumps(stock.json), json.dumps(body), where)
        return stock.status_code


class ListsTestCase(HypervisorsTestCase):

    def setUp(self):
        super().setUp()
        # The rows have no nova-compute that could answer.
        many_hosts.answer_for_all(self)

    def test_lists(self):
        for version in MICROVERSIONS:
            for path in LISTS:
                self.assertEqual(200, self.assertAsStock(path, version))

    def test_queries(self):
        for version in ('2.1', '2.33', '2.53', '2.75', 'latest'):
            for path in LISTS:
                for query in ('limit=0', 'limit=3', 'limit=1000', 'limit=-1',
                              'marker=no-such-one', 'foo=bar',
                              'with_servers=true', 'with_servers=maybe',
                              'hypervisor_hostname_pattern=node-',
                              'hypervisor_hostname_pattern=compute'
                              '&with_servers=true',
                              'hypervisor_hostname_pattern=x&limit=1',
                              'hypervisor_hostname_pattern=no-such-one'):
                    self.assertAsStock('%s?%s' % (path, query), version)

    def test_servers_are_there(self):
        for version in ('2.53', 'latest'):
            answer = self.ask('?with_servers=true', version)
            self.assertEqual(4, sum(
                len(item.get('servers', ()))
                for item in answer.json['hypervisors']))

    def test_names_of_servers_by_another_template(self):
        for template in ('vm-%(uuid)s', '%(display_name)s-%(id)d',
                         '%(no_such_key)s'):
            self.configure(None, instance_name_template=template)
            self.assertAsStock('?with_servers=true', '2.53')

    def test_pages(self):
        for path in LISTS:
            for version in ('2.33', '2.53'):
                url = '%s?limit=4' % path
                for _ in range(20):
                    self.assertEqual(200, self.assertAsStock(url, version))
                    answer = self.ask(url, version, self.stock)
                    links = answer.json.get('hypervisors_links')
                    if not links:
                        break
                    url = link(links)

    def test_old_forms(self):
        for version in ('2.1', '2.52', '2.53'):
            for form in ('search', 'servers'):
                for pattern in ('cell', 'node-a', 'compute', 'gone', 'none'):
                    self.assertAsStock('/%s/%s' % (pattern, form), version)

    def test_single_ones(self):
        for version in MICROVERSIONS:
            ids = [item['id'] for item in
                   self.ask('', version, self.stock).json['hypervisors']]
            for hypervisor in [*ids[::3], 'x', 0]:
                self.assertAsStock('/%s' % hypervisor, version)
                self.assertAsStock('/%s?with_servers=true' % hypervisor,
                                   version)

    def test_old_call_for_the_uptime(self):
        for version in ('2.1', '2.52', '2.53', '2.88'):
            for hypervisor in [item['id'] for item in
                               self.ask('', version).json['hypervisors']
                               if item['hypervisor_hostname']
                               in ('compute1', 'forced-cell1')]:
                self.assertAsStock('/%s/uptime' % hypervisor, version)

    def test_v2_and_statistics(self):
        self.assertAsStock('/v2/%s/os-hypervisors/detail' % PROJECT, None)
        self.assertEqual(
            self.ask('/statistics', app=self.stock).text,
            self.ask('/statistics').text)

    def test_others_are_refused(self):
        for token in ('owner', 'reader', 'other'):
            for query in ('', '?state=up', '?state=x'):
                for version in ('2.1', '2.53', 'latest'):
                    answer = self.ask(query, version, token=token)
                    self.assertEqual(403, answer.status_code)
                    self.assertEqual(
                        self.ask('', version, self.stock, token).text,
                        answer.text)

    def test_host_without_a_mapping(self):
        name = 'unmapped-cell1'
        many_hosts.insert(
            self.nova, 'cell1', models.ComputeNode,
            [many_hosts.node_of(name)])
        self.addCleanup(many_hosts.delete_node, self.nova, 'cell1', name)
        for version in ('2.1', '2.33', '2.53'):
            for path in LISTS:
                self.assertEqual(200, self.assertAsStock(path, version))
        for form in ('search', 'servers'):
            path = '/unmapped/' + form
            self.assertEqual(404, self.assertAsStock(path, '2.1'))
            self.assertEqual(404, self.ask(path + '?state=up').status_code)
        self.assertEqual([], [found for found in self.names('?state=up')
                              if found == name])

    def test_old_row(self):
        # Nova writes the ratios that such a row lacks when it reads it.
        name = 'old-cell1'
        many_hosts.add(self.nova, 'cell1', [name], node={
            'cpu_allocation_ratio': 0.0, 'running_vms': None,
            'host_ip': None, 'cpu_info': '', 'stats': None, 'mapped': None},
            service={'last_seen_up': None, 'forced_down': True})
        self.addCleanup(many_hosts.delete_node, self.nova, 'cell1', name)
        for version in ('2.1', '2.28', '2.53', '2.88'):
            self.assertEqual(200, self.assertAsStock('/detail', version))
        self.assertIn(name, self.names('', '2.53'))

    def down(self, *cells):
        return nova_fixtures.DownCellFixture(
            [self.nova.services.cell_mappings[cell] for cell in cells])

    def test_cell_that_is_down(self):
        for version in ('2.1', '2.33', '2.53', '2.88'):
            for path in (*LISTS, '?state=up', '/detail?status=enabled'):
                both = self.names(path, version)
                for down, up in (('cell1', 'cell2'), ('cell2', 'cell1')):
                    expected = [name for name in both
                                if name.endswith(up)
                                or name == 'compute' + up[-1]]
                    with self.down(down):
                        self.assertEqual(expected, self.names(path, version))
                        if '?' not in path:
                            # Stock Nova lists none.
                            self.assertEqual(500, self.ask(
                                path, version, self.stock).status_code)

    def test_old_forms_with_a_cell_that_is_down(self):
        with self.down('cell2'):
            for form in ('search', 'servers'):
                self.assertEqual(['compute1'],
                                 self.names('/compute/' + form))

    def test_no_cell_answers(self):
        with self.down('cell1', 'cell2'):
            for version in ('2.1', '2.53'):
                for path in (*LISTS, '?state=up'):
                    answer = self.ask(path, version)
                    self.assertEqual(500, answer.status_code)

    def expected(self, **wanted):
        """Return the names that are listed, without the filter, in order."""
        answer = self.ask('', '2.53', self.stock)
        return [item['hypervisor_hostname']
                for item in answer.json['hypervisors']
                if all(item[key] in values for key, values in wanted.items())]

    def test_filter(self):
        for query, wanted in (
                ('state=up', {'state': ['up']}),
                ('state=down', {'state': ['down']}),
                ('status=enabled', {'status': ['enabled']}),
                ('status=disabled', {'status': ['disabled']}),
                ('state=up&status=disabled',
                 {'state': ['up'], 'status': ['disabled']}),
                ('state=up&state=down', {}), ('state=up,down', {}),
                ('status=disabled,enabled&state=down', {'state': ['down']})):
            expected = self.expected(**wanted)
            self.assertNotEqual([], expected)
            for version in MICROVERSIONS:
                for path in LISTS:
                    self.assertEqual(
                        expected, self.names('%s?%s' % (path, query), version))

    def test_which_are_down(self):
        self.assertEqual(
            ['%s-%s' % (name, cell) for cell in ('cell1', 'cell2')
             for name in ('forced', 'dead')], self.expected(state=['down']))

    def test_filter_by_other_values(self):
        for query, key, value in (
                ('state=x', 'state', 'x'), ('status=', 'status', ''),
                ('state=UP', 'state', 'UP'),
                ('state=up,', 'state', ''),
                ('state=up&status=up', 'status', 'up')):
            for version in MICROVERSIONS:
                for path in LISTS:
                    answer = self.ask('%s?%s' % (path, query), version)
                    self.assertEqual(400, answer.status_code, version)
                    message = answer.json['badRequest']['message']
                    self.assertTrue(message.startswith(
                        'Invalid input for query parameters %s. Value: %s. '
                        "'%s' is not one of ['" % (key, value, value)),
                        message)

    def test_filter_beside_other_parameters(self):
        for query in ('foo=bar', 'limit=x', 'with_servers=maybe'):
            for version in ('2.33', '2.53'):
                self.assertEqual(
                    self.ask('?' + query, version, self.stock).status_code,
                    self.ask('?state=up&' + query, version).status_code)
        answer = self.ask('?state=down&with_servers=true', '2.75')
        self.assertEqual([[]] * 4, [item['servers'] for item
                                    in answer.json['hypervisors']])
        # It is no parameter of the call for one.
        hypervisor = self.ask('', '2.53').json['hypervisors'][0]['id']
        self.assertEqual(400, self.ask(
            '/%s?state=up' % hypervisor, '2.53').status_code)

    def test_filter_of_old_forms(self):
        for path, version in (('/cell2/search?state=down', '2.1'),
                              ('/cell2/servers?state=down', '2.52'),
                              ('?hypervisor_hostname_pattern=cell2&state=down',
                               '2.53')):
            self.assertEqual(['forced-cell2', 'dead-cell2'],
                             self.names(path, version))
        self.assertEqual([], self.names('/compute/search?state=down'))
        self.assertEqual(400, self.ask('/cell2/search?state=x').status_code)
        self.assertEqual(404, self.ask('/x/search?state=up').status_code)

    def test_filtered_pages_are_full_and_lose_nothing(self):
        expected = self.expected(state=['up'], status=['enabled', 'disabled'])
        for version in ('2.33', '2.52', '2.53', 'latest'):
            for path in LISTS:
                for limit in (1, 2, 3, 50):
                    self.assertEqual(
                        expected, self.turn_pages(path, version, limit,
                                                  len(expected)))

    def turn_pages(self, path, version, limit, total):
        url = '%s?limit=%d&state=up&status=enabled&status=disabled' % (
            path, limit)
        found = []
        for _ in range(total + 1):
            answer = self.ask(url, version)
            self.assertEqual(200, answer.status_code, answer.text)
            items = answer.json['hypervisors']
            found += [item['hypervisor_hostname'] for item in items]
            if 'hypervisors_links' not in answer.json:
                self.assertLess(len(items), limit)
                return found
            self.assertEqual(limit, len(items))
            url = link(answer.json['hypervisors_links'])
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
            self.assertEqual(['up'], query['state'])
            self.assertEqual(['enabled', 'disabled'], query['status'])
        self.fail('The pages do not end.')

    def test_filtered_pages_in_the_openstackclient(self):
        expected = self.expected(state=['up'])
        cloud = client.ComputeClient(types.SimpleNamespace(compute=self))
        for version in ('2.33', '2.52', '2.53'):
            for limit in (1, 3):
                found = cloud.pages('/os-hypervisors/detail', 'hypervisors',
                                    version, state='up', limit=limit)
                self.assertEqual(expected, [
                    item['hypervisor_hostname'] for item
                    in itertools.islice(found, 2 * len(expected))])

    def request(self, path, method, *, microversion, params, **_how):
        """Answer as the SDK's proxy of the compute service does."""
        answer = self.ask('/v2.1%s?%s' % (
            path, urllib.parse.urlencode(params)), microversion)
        response = requests.Response()
        response.status_code = answer.status_code
        response._content = answer.body
        return response

    def test_filter_after_a_marker(self):
        self.assertEqual(400, self.ask('?state=up&marker=x',
                                       '2.33').status_code)
        # An integer that is in one cell alone.
        items = self.ask('', '2.33').json['hypervisors']
        item = next(item for item in items[4:]
                    if [item['id'] for item in items].count(item['id']) == 1)
        names = [item['hypervisor_hostname'] for item in items]
        after = names[names.index(item['hypervisor_hostname']) + 1:]
        self.assertEqual(
            [name for name in self.expected(state=['up']) if name in after],
            self.names('?state=up&limit=50&marker=%d' % item['id'], '2.33'))


class UptimeTestCase(HypervisorsTestCase):

    SILENT = ['silent-%d' % number for number in range(80)]

    def setUp(self):
        super().setUp()
        self.configure('lockstatus', hypervisor_uptime_timeout=1)
        driver = self.nova.services.computes['compute1'].manager.driver
        self.useFixture(fixtures.MonkeyPatch(
            'nova.virt.fake.EmbeddedDriver.get_host_uptime',
            lambda found: 'up 3 days' if found is driver else self.fail()))

    def uptimes(self, path='/detail'):
        answer = self.ask(path, '2.88')
        self.assertEqual(200, answer.status_code, answer.text)
        items = answer.json.get('hypervisors') or [answer.json['hypervisor']]
        return {item['hypervisor_hostname']: item['uptime'] for item in items}

    def add_silent(self, names):
        many_hosts.add(self.nova, 'cell2', names, node={'stats': '{}'})
        for name in names:
            self.addCleanup(many_hosts.delete_node, self.nova, 'cell2', name)

    def test_silent_hosts_have_none_and_the_others_are_there(self):
        self.add_silent(self.SILENT)
        started = time.monotonic()
        found = self.uptimes()
        elapsed = time.monotonic() - started
        # 80 hosts, 64 at once: one after the other, it would be 80 seconds.
        self.assertLess(elapsed, 40)
        self.assertEqual({None}, {found[name] for name in self.SILENT})
        self.assertEqual('up 3 days', found['compute1'])
        self.assertIsNone(found['compute2'])
        # Older releases ask the hosts that have stored it, too.
        self.assertIn(found['plain-cell1'], (many_hosts.UPTIME, None))

    def test_stock_nova_has_no_list_then(self):
        self.add_silent(self.SILENT[:1])
        self.configure(None, rpc_response_timeout=1)
        self.assertEqual(500, self.ask('/detail', '2.88',
                                       self.stock).status_code)

    def test_single_show_of_a_silent_host(self):
        self.add_silent(self.SILENT[:1])
        items = self.ask('', '2.88').json['hypervisors']
        ids = {item['hypervisor_hostname']: item['id'] for item in items}
        self.assertEqual({'silent-0': None},
                         self.uptimes('/' + ids['silent-0']))
        self.assertEqual({'compute1': 'up 3 days'},
                         self.uptimes('/' + ids['compute1']))

    def test_hosts_that_are_down_are_not_asked(self):
        many_hosts.add(self.nova, 'cell2', ['away'], node={'stats': '{}'},
                       service={'forced_down': True})
        self.addCleanup(many_hosts.delete_node, self.nova, 'cell2', 'away')
        asked = []

        def answer(rpcapi, ctxt, host):
            asked.append(host)
            return 'up'

        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.rpcapi.ComputeAPI.get_host_uptime', answer))
        self.assertIsNone(self.uptimes()['away'])
        self.assertIn('compute1', asked)
        self.assertEqual([], [host for host in asked if host.startswith(
            ('away', 'forced', 'dead', 'gone'))])

    def test_old_call_is_novas_own(self):
        items = self.ask('', '2.87').json['hypervisors']
        ids = {item['hypervisor_hostname']: item['id'] for item in items}
        answer = self.ask('/%s/uptime' % ids['compute1'], '2.87')
        self.assertEqual('up 3 days', answer.json['hypervisor']['uptime'])
        self.assertFalse(answer.json['hypervisor']['forced_down'])


def link(links):
    """Return the path and query of the link to the next page."""
    parts = urllib.parse.urlsplit(links[0]['href'])
    return '/v2.1/os-hypervisors%s?%s' % (
        parts.path.partition('os-hypervisors')[2], parts.query)
