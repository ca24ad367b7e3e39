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

"""The state of hosts over cells, projects, policies and odd servers."""

import json
import os

import fixtures
from nova import policy as nova_policy
from nova import servicegroup
from nova.db.main import models
from nova.tests import fixtures as nova_fixtures
from oslo_utils import timeutils

from nova_lockstatus.core import host_status
from nova_lockstatus.policies import server_host_status as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.host_status_case import HOSTS
from nova_lockstatus.tests.fixtures.host_status_case import HostStatusTestCase

VERSIONS = ('2.1', '2.15', '2.16', '2.72', '2.75', 'latest')

EVERYBODY_LISTS_ALL = {
    'os_compute_api:servers:detail:get_all_tenants': '@',
    'os_compute_api:servers:index:get_all_tenants': '@',
}


class CellsTestCase(HostStatusTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number in range(8):
            cls.nova.boot_server('s%d' % number, host=HOSTS[number % 4])

    def setUp(self):
        super().setUp()
        self.set_service('compute2', forced_down=True, disabled=True)
        self.silence('compute3')
        self.set_service('compute4', disabled=True)
        self.expected = {
            's%d' % number: (host_status.UP, host_status.DOWN,
                             host_status.UNKNOWN,
                             host_status.MAINTENANCE)[number % 4]
            for number in range(8)}

    def test_lists(self):
        for version in VERSIONS:
            self.assertEqual(self.expected,
                             self.statuses(microversion=version))

    def test_pages(self):
        for version in VERSIONS:
            for limit in (1, 2, 3):
                for values in (['UP'], ['DOWN', 'UP'], ['UNKNOWN', 'DOWN'],
                               ['MAINTENANCE', 'UNKNOWN', 'UP'], [''],
                               ['', 'DOWN']):
                    query = 'all_tenants=1&limit=%d' % limit
                    for value in values:
                        query += '&host_status=' + value
                    self.assertEqual(
                        [name for name, value in self.expected.items()
                         if value in values],
                        self.find(query, microversion=version), query)

    def test_pages_of_whole_servers_in_an_order(self):
        self.assertEqual(
            ['s0', 's1', 's4', 's5'],
            self.find('all_tenants=1&limit=1&host_status=UP,DOWN'
                      '&sort_key=display_name&sort_dir=desc',
                      path='/detail'))

    def test_with_other_filters(self):
        found = self.find
        self.assertEqual(['s0', 's4'], found(
            'all_tenants=1&host_status=UP,DOWN&host=compute1'))
        self.assertEqual([], found(
            'all_tenants=1&host_status=DOWN&host=compute1'))
        self.assertEqual(['s4'], found(
            'all_tenants=1&host_status=UP&name=s4&status=ACTIVE'))
        self.assertEqual([], found(
            'all_tenants=1&host_status=UP&status=SHUTOFF'))

    def test_only_the_callers_project_without_all_tenants(self):
        self.assertEqual([], self.find('host_status=UP'))

    def test_cell_that_is_down(self):
        mapping = self.nova.services.cell_mappings['cell2']
        with nova_fixtures.DownCellFixture([mapping]):
            for version in ('2.1', '2.68', '2.69', '2.73', '2.90'):
                servers = self.detail('admin', version, '?all_tenants=1')
                self.assertEqual(
                    {name: value for name, value in self.expected.items()
                     if value in ('UP', 'UNKNOWN')},
                    {server['name']: server['host_status']
                     for server in servers.values() if 'name' in server})
                for server in servers.values():
                    if 'name' not in server:
                        self.assertNotIn('host_status', server)
                # A list that is filtered leaves out what is not known.
                self.assertEqual(['s0', 's4'], self.find(
                    'all_tenants=1&host_status=UP', microversion=version))
                self.assertEqual([], self.find(
                    'all_tenants=1&host_status=', microversion=version))

    def test_record_that_was_deleted_does_not_count(self):
        with self.cell_of('compute1') as session:
            # Nova reads the records in the order of their ids.
            lowest = session.query(models.Service.id).order_by(
                models.Service.id).first()[0]
            session.add(models.Service(
                id=lowest - 1000, host='compute1', binary='nova-compute',
                topic='compute', forced_down=True, disabled=True,
                last_seen_up=timeutils.utcnow(), deleted=lowest - 1000,
                deleted_at=timeutils.utcnow()))
        self.addCleanup(self.drop_service, lowest - 1000)
        stock = base.load_app(pipelines=())
        answer = base.ask(stock, 'GET', '/v2.1/servers/detail?all_tenants=1'
                          '&host=compute1', 'admin', '2.16')
        self.assertEqual({'DOWN'}, {server['host_status'] for server in
                                    answer.json['servers']},
                         'stock Nova has learned to leave it out')
        server_id = answer.json['servers'][0]['id']
        for version in VERSIONS:
            self.assertEqual(self.expected,
                             self.statuses(microversion=version))
            self.assertEqual('UP', self.show(
                server_id, 'admin', version)['host_status'])
            self.assertEqual(['s0', 's4'], self.find(
                'all_tenants=1&host_status=UP', microversion=version))

    def drop_service(self, number):
        with self.cell_of('compute1') as session:
            session.query(models.Service).filter_by(id=number).delete()

    def test_host_without_a_service(self):
        with self.cell_of('compute1') as session:
            session.query(models.Service).filter_by(
                host='compute1').update({'binary': 'nova-other'})
        self.addCleanup(self.restore_binary)
        self.expected.update(s0='', s4='')
        for version in VERSIONS:
            self.assertEqual(self.expected,
                             self.statuses(microversion=version))
            self.assertEqual(['s0', 's4'], self.find(
                'all_tenants=1&host_status=', microversion=version))
            self.assertEqual(['s0', 's1', 's4', 's5'], self.find(
                'all_tenants=1&host_status=,DOWN', microversion=version))
            self.assertEqual([], self.find(
                'all_tenants=1&host_status=UP', microversion=version))

    def restore_binary(self):
        with self.cell_of('compute1') as session:
            session.query(models.Service).filter_by(
                host='compute1').update({'binary': 'nova-compute'})


class OddServersTestCase(HostStatusTestCase):

    def test_deleted(self):
        server_id = self.boot('gone', 'compute1')
        self.boot('here', 'compute1')
        self.delete(server_id)
        query = 'all_tenants=1&deleted=1'
        for version in VERSIONS:
            self.assertEqual('', self.statuses(
                microversion=version, query='?' + query)['gone'])
            self.assertIn('gone', self.find(
                query + '&host_status=', microversion=version))
            self.assertNotIn('gone', self.find(
                query + '&host_status=UP,DOWN,UNKNOWN,MAINTENANCE',
                microversion=version))

    def test_shelved(self):
        server_id = self.boot('shelved', 'compute2')
        self.nova.request('POST', '/v2.1/servers/%s/action' % server_id,
                          'admin', {'shelve': None})
        self.nova.wait_for(server_id, 'SHELVED_OFFLOADED')
        for version in VERSIONS:
            self.assertEqual({'shelved': ''},
                             self.statuses(microversion=version))
            self.assertEqual('', self.show(
                server_id, 'admin', version)['host_status'])
            self.assertEqual(['shelved'], self.find(
                'all_tenants=1&host_status=', microversion=version))

    def test_not_scheduled_yet(self):
        # Without an answer of the conductor only a build request exists.
        self.useFixture(fixtures.MonkeyPatch(
            'nova.conductor.api.ComputeTaskAPI.'
            'schedule_and_build_instances', lambda *args, **kwargs: None))
        server_id = self.boot('build', wait=False)
        second = self.boot('build2', wait=False)
        for version in VERSIONS:
            self.assertEqual({'build': '', 'build2': ''},
                             self.statuses(microversion=version))
            self.assertEqual('', self.show(
                server_id, 'admin', version)['host_status'])
            for query in ('', '&limit=1'):
                query += '&all_tenants=1&host_status='
                self.assertEqual(['build', 'build2'], self.find(
                    query, microversion=version))
                self.assertEqual([], self.find(
                    query + 'UP', microversion=version))
        for marker in (server_id, second):
            answer = self.nova.request(
                'GET', '/v2.1/servers?host_status=UP&all_tenants=1&marker='
                + marker, 'admin')
            self.assertIn(answer.status_code, (200, 400), answer.text)

    def test_lost_driver_of_liveness(self):
        self.boot('db', 'compute1')
        server_id = self.boot('web', 'compute2')
        self.set_service('compute2', forced_down=True)

        def fail(driver, service):
            raise RuntimeError('the memcached is gone')

        self.useFixture(fixtures.MonkeyPatch(
            'nova.servicegroup.drivers.db.DbDriver.is_up', fail))
        # What needs no heartbeat is shown still.
        for _ in range(2):
            self.assertEqual({'db': 'absent', 'web': 'DOWN'},
                             self.statuses())
        self.assertEqual('DOWN', self.show(server_id, 'admin')['host_status'])
        self.assertEqual(1, self.nova.log.count("The field 'host_status' of"))
        query = 'all_tenants=1&host_status='
        self.assertEqual(['web'], self.find(query + 'DOWN', 'admin'))
        # Nova goes on without a cell that does not answer, or does not.
        self.assertEqual([], self.find(query + 'UP,DOWN', 'admin'))
        self.configure('api', list_records_by_skipping_down_cells=False)
        answer = self.nova.request(
            'GET', '/v2.1/servers?' + query + 'UP', 'admin')
        self.assertEqual(500, answer.status_code)
        self.assertIn('NovaException', answer.text)


class MemcachedTestCase(HostStatusTestCase):
    """Nova asks memcached whether a service reports.

    What stands in the place of memcached is a file, which oslo.cache can use
    as well. The driver is Nova's.
    """

    @classmethod
    def setUpClass(cls):
        folder = fixtures.TempDir()
        folder.setUp()
        cls.addClassCleanup(folder.cleanUp)
        # Nova keeps what it has opened there for the rest of the process.
        for name in ('nova.objects.ec2._CACHE', 'nova.availability_zones.MC'):
            cache = fixtures.MonkeyPatch(name, None)
            cache.setUp()
            cls.addClassCleanup(cache.cleanUp)
        cls.options = {**cls.options, 'config': {
            (None, 'servicegroup_driver'): 'mc',
            ('cache', 'enabled'): True,
            ('cache', 'memcache_servers'): ['localhost:11211'],
            ('cache', 'backend'): 'dogpile.cache.dbm',
            ('cache', 'backend_argument'): [
                'filename:' + os.path.join(folder.path, 'cache.dbm')],
        }}
        super().setUpClass()
        cls.driver = servicegroup.API()._driver
        for host in HOSTS:
            cls.driver.mc.set('compute:' + host, timeutils.utcnow())
        cls.servers = [cls.nova.boot_server('on-' + host, host=host)
                       for host in HOSTS]

    def assert_statuses(self, *values):
        expected = dict(zip(map('on-'.__add__, HOSTS), values, strict=True))
        for version in VERSIONS:
            self.assertEqual(expected, self.statuses(microversion=version))
            for server_id, value in zip(self.servers, expected.values()):
                self.assertEqual(value, self.show(
                    server_id, 'admin', version)['host_status'])
            for value in ('UP', 'UNKNOWN', 'DOWN', 'MAINTENANCE'):
                self.assertEqual(
                    [name for name in expected if expected[name] == value],
                    self.find('all_tenants=1&host_status=' + value,
                              microversion=version))

    def test_database_is_not_asked(self):
        # It says the contrary of each.
        self.silence('compute1')
        self.driver.mc.delete('compute:compute2')
        self.silence('compute3')
        self.set_service('compute3', disabled=True)
        self.driver.mc.delete('compute:compute4')
        self.set_service('compute4', forced_down=True)
        self.assert_statuses('UP', 'UNKNOWN', 'MAINTENANCE', 'DOWN')
        stock = base.load_app(pipelines=())
        answer = base.ask(stock, 'GET', '/v2.1/servers/detail?all_tenants=1',
                          'admin', '2.16')
        self.assertEqual(
            self.statuses(microversion='2.16'),
            {server['name']: server['host_status']
             for server in answer.json['servers']})
        self.driver.mc.set('compute:compute2', timeutils.utcnow())
        self.assert_statuses('UP', 'UP', 'MAINTENANCE', 'DOWN')


class PolicyTestCase(HostStatusTestCase):
    """The servers of two projects, on one host."""

    def setUp(self):
        super().setUp()
        self.boot('own', 'compute1')
        foreign = self.boot('foreign', 'compute1')
        with self.cell_of('compute1') as session:
            session.query(models.Instance).filter_by(uuid=foreign).update(
                {'project_id': 'another'})

    def write_policy(self, name, text):
        """Have Nova read a policy file, as an operator's."""
        path = os.path.join(self.useFixture(fixtures.TempDir()).path, name)
        with open(path, 'w', encoding='utf-8') as target:
            target.write(text)
        self.addCleanup(self.start_anew)
        self.configure('oslo_policy', policy_file=path)
        self.start_anew()

    def start_anew(self):
        nova_policy.reset()
        # Registers the rules of the extensions.
        base.load_app()

    def assert_owners_see(self):
        for version in VERSIONS:
            self.assertEqual({'own': 'UP'}, self.statuses(
                'reader', version, ''))
            self.assertEqual(
                {'own': 'UP', 'foreign': 'absent'},
                self.statuses('owner', version))
            self.assertEqual({'own': 'UP', 'foreign': 'UP'},
                             self.statuses('admin', version))
            self.assertEqual({'own': 'absent', 'foreign': 'absent'},
                             self.statuses('other', version))
            self.assertEqual(['own'], self.find(
                'all_tenants=1&host_status=UP', 'owner', version))
            self.assertEqual(['foreign', 'own'], self.find(
                'all_tenants=1&host_status=UP', 'admin', version))
            for value in ('UP', 'DOWN', ''):
                self.assertEqual([], self.find(
                    'all_tenants=1&host_status=' + value, 'other', version))

    def test_policy_yaml(self):
        self.write_policy('policy.yaml', ''.join(
            '"%s": "%s"\n' % rule for rule in {
                **EVERYBODY_LISTS_ALL,
                policies.HOST_STATUS: 'rule:project_reader_or_admin'}.items()))
        self.assert_owners_see()

    def test_policy_json(self):
        self.write_policy('policy.json', json.dumps({
            **EVERYBODY_LISTS_ALL,
            policies.HOST_STATUS: 'rule:admin_or_owner'}))
        self.assert_owners_see()

    def test_unknown_of_all_and_every_state_of_ones_own(self):
        self.write_policy('policy.yaml', ''.join(
            '"%s": "%s"\n' % rule for rule in {
                **EVERYBODY_LISTS_ALL,
                policies.HOST_STATUS: 'rule:project_reader_or_admin',
                policies.UNKNOWN_ONLY: '@'}.items()))
        self.boot('down', 'compute3')
        self.set_service('compute3', forced_down=True)
        self.silence('compute1')
        for version in VERSIONS:
            self.assertEqual(
                {'own': 'UNKNOWN', 'foreign': 'UNKNOWN', 'down': 'DOWN'},
                self.statuses('owner', version))
            self.assertEqual(['down', 'foreign', 'own'], self.find(
                'all_tenants=1&host_status=UNKNOWN,DOWN', 'owner', version))
            self.assertEqual(['foreign', 'own'], self.find(
                'all_tenants=1&host_status=UNKNOWN', 'other', version))
            self.assertEqual([], self.find(
                'all_tenants=1&host_status=DOWN', 'other', version))

    def test_only_ones_own_servers(self):
        self.write_policy('policy.yaml', '"%s": "%s"\n' % (
            policies.HOST_STATUS, 'user_id:%(user_id)s'))
        for version in VERSIONS:
            self.assertEqual({'own': 'UP'},
                             self.statuses('owner', version, ''))
            self.assertEqual({'own': 'absent'},
                             self.statuses('member', version, ''))
            self.assertEqual(['own'], self.find(
                'host_status=UP', 'owner', version))
            self.assertEqual([], self.find(
                'host_status=UP', 'member', version))

    def test_build_requests_of_others(self):
        self.write_policy('policy.yaml', ''.join(
            '"%s": "%s"\n' % rule for rule in {
                **EVERYBODY_LISTS_ALL,
                policies.HOST_STATUS: 'rule:project_reader_or_admin',
                }.items()))
        self.useFixture(fixtures.MonkeyPatch(
            'nova.conductor.api.ComputeTaskAPI.'
            'schedule_and_build_instances', lambda *args, **kwargs: None))
        self.boot('build', wait=False)
        query = 'all_tenants=1&host_status='
        self.assertEqual(['build'], self.find(query, 'owner'))
        self.assertEqual([], self.find(query, 'other'))
        self.assertEqual(['build'], self.find(query, 'admin'))
