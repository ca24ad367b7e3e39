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

"""Which servers, hosts and locks Prometheus gets to see."""

import contextlib
import datetime
import time

import fixtures
from nova import exception as nova_exception
from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.embedded import nova_fixture
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures.host_status_case import HOSTS
from nova_lockstatus.tests.fixtures.metrics_case import MetricsTestCase

REASON = 'unpaid invoice 4711'


class CountsTestCase(MetricsTestCase):

    def servers(self, scrape):
        return scrape.values('servers', 'cell', 'host_status')

    def locked(self, scrape):
        return scrape.values('locked_servers', 'cell', 'locked_by')

    def test_servers_by_the_status_of_their_host(self):
        self.assertEqual({('cell1', 'UP'): 2, ('cell2', 'UP'): 2},
                         self.servers(self.scrape()))
        self.boot('more', host='compute1')
        self.put('compute1', forced_down=True)
        self.silence('compute2')
        self.set_service('compute3', disabled=True)
        scrape = self.scrape()
        self.assertEqual(
            {('cell1', 'DOWN'): 2, ('cell1', 'MAINTENANCE'): 1,
             ('cell2', 'UNKNOWN'): 1, ('cell2', 'UP'): 1},
            self.servers(scrape))
        # What is none is a number, too.
        self.assertEqual(0, scrape.value('servers', cell='cell2',
                                         host_status='DOWN'))

    def test_hosts_by_their_status(self):
        def hosts(scrape):
            return scrape.values('hosts', 'cell', 'host_status')

        before = hosts(self.scrape())
        self.assertEqual({('cell1', 'UP'), ('cell2', 'UP')}, set(before))
        self.put('compute1', forced_down=True)
        self.silence('compute2')
        scrape = self.scrape()
        self.assertEqual(
            {('cell1', 'UP'): before[('cell1', 'UP')] - 1,
             ('cell1', 'DOWN'): 1,
             ('cell2', 'UP'): before[('cell2', 'UP')] - 1,
             ('cell2', 'UNKNOWN'): 1}, hosts(scrape))
        self.assertEqual(0, scrape.value('hosts', cell='cell2',
                                         host_status='MAINTENANCE'))

    def oldest(self, scrape):
        return scrape.values('oldest_lock_timestamp_seconds', 'cell',
                             'locked_by')

    def lock_ago(self, host, token, seconds):
        """Lock a new server, as if that had been some time ago."""
        server_id = self.boot('old', host=host)
        self.lock(server_id, token)
        moment = timeutils.utcnow() - datetime.timedelta(seconds=seconds)
        row = models.InstanceAction
        many_hosts.execute(
            self.nova, 'cell1', row.__table__.update().where(
                row.instance_uuid == server_id, row.action == 'lock').values(
                    start_time=moment, created_at=moment))
        return server_id

    def test_the_oldest_lock_of_each_holder(self):
        self.assertEqual({}, self.oldest(self.scrape()))
        began = time.time()
        ages = {'owner': (7200, 3600), 'admin': (50, 86400)}
        ids = {(token, age): self.lock_ago('compute1', token, age)
               for token, both in ages.items() for age in both}
        # Locked again, the first lock counts.
        self.lock(ids['admin', 86400], 'admin', REASON)
        oldest = self.oldest(self.scrape())
        self.assertEqual({('cell1', 'owner'), ('cell1', 'admin')},
                         set(oldest))
        for (_cell, holder), moment in oldest.items():
            self.assertAlmostEqual(began - max(ages[holder]), moment,
                                   delta=60)
        # What is unlocked or deleted has no lock, and a break ends one.
        for action in ({'unlock': None}, {'lock': None}):
            self.nova.request('POST', '/v2.1/servers/%s/action'
                              % ids['admin', 86400], 'admin', action)
        self.delete(ids['owner', 7200])
        oldest = self.oldest(self.scrape())
        self.assertAlmostEqual(began - 50, oldest['cell1', 'admin'], delta=60)
        self.assertAlmostEqual(began - 3600, oldest['cell1', 'owner'],
                               delta=60)

    def test_host_without_a_compute_service(self):
        def delete_service(deleted):
            many_hosts.execute(
                self.nova, 'cell1', models.Service.__table__.update().where(
                    models.Service.host == 'compute1').values(
                        deleted=deleted))

        self.addCleanup(delete_service, 0)
        delete_service(1)
        self.assertEqual(
            {('cell1', 'UP'): 1, ('cell1', 'none'): 1, ('cell2', 'UP'): 2},
            self.servers(self.scrape()))

    def test_locked_servers_by_who_holds_the_lock(self):
        locked = {}
        for host, token in zip(HOSTS, ('owner', 'admin', 'admin', 'admin')):
            server_id = self.boot('locked', host=host)
            self.lock(server_id, token, REASON)
            locked[host] = server_id
        scrape = self.scrape()
        self.assertEqual(
            {('cell1', 'owner'): 1, ('cell1', 'admin'): 1,
             ('cell2', 'admin'): 2}, self.locked(scrape))
        self.assertEqual(0, scrape.value('locked_servers', cell='cell2',
                                         locked_by='owner'))
        self.delete(locked['compute2'])
        self.nova.request('POST', '/v2.1/servers/%s/action'
                          % locked['compute4'], 'admin', {'unlock': None})
        scrape = self.scrape()
        self.assertEqual({('cell1', 'owner'): 1, ('cell1', 'admin'): 1},
                         self.locked(scrape))
        self.assertEqual({('cell1', 'UP'): 4, ('cell2', 'UP'): 3},
                         self.servers(scrape))

    def test_half_of_a_resize_over_cells_is_not_counted(self):
        server_id = self.boot('moving', host='compute1')

        def hide(hidden):
            many_hosts.execute(
                self.nova, 'cell1', models.Instance.__table__.update().where(
                    models.Instance.uuid == server_id).values(hidden=hidden))

        self.addCleanup(hide, False)
        hide(True)
        self.assertEqual(2, self.servers(self.scrape())[('cell1', 'UP')])

    def test_server_that_could_not_be_scheduled(self):
        self.addCleanup(self.delete, self.unscheduled())
        self.assertEqual(1, self.servers(self.scrape())[('cell0', 'none')])

    def unscheduled(self):
        flavor = self.nova.request('POST', '/v2.1/flavors', 'admin', {
            # A random id may come before that of the flavor that other tests
            # take, which is the first.
            'flavor': {'name': 'huge', 'id': 'huge', 'ram': 512, 'vcpus': 1,
                       'disk': 10 ** 6}})
        self.assertEqual(200, flavor.status_code, flavor.text)
        server = self.nova.request('POST', '/v2.1/servers', 'admin', {
            'server': {'name': 'huge', 'networks': 'none',
                       'imageRef': nova_fixture.IMAGE,
                       'flavorRef': flavor.json['flavor']['id']}}, '2.74')
        self.assertEqual(202, server.status_code, server.text)
        server_id = server.json['server']['id']
        deadline = time.monotonic() + 30
        while self.show(server_id, 'admin')['status'] != 'ERROR':
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        return server_id

    def test_statements(self):
        """As many for any number of servers."""
        self.scrape()
        executed = []
        for copy in range(2):
            with base.statements() as each:
                self.process.run('metrics')
            executed.append(each)
            for number in range(2):
                server_id = self.boot('s%d-%d' % (copy, number),
                                      host='compute1')
                self.lock(server_id, 'admin')
        with base.statements() as last:
            self.process.run('metrics')
        cells = len(self.nova.services.cell_mappings)
        # And the list of the cells. One of the cells has locked servers.
        self.assertEqual(1 + 2 * cells, len(executed[0]), executed[0])
        for each in (executed[1], last):
            self.assertEqual(1 + 2 * cells + 1, len(each), each)
        self.assertEqual(cells, sum(
            'GROUP BY instances.host' in one for one in last))
        with base.statements() as each:
            self.process.scrape()
        self.assertEqual([], each)

    @contextlib.contextmanager
    def away(self, cell):
        get_context_manager = db.get_context_manager
        uuid = self.nova.services.cell_mappings[cell].uuid

        def fail(context):
            if context.cell_uuid == uuid:
                raise nova_exception.CellTimeout()
            return get_context_manager(context)

        with fixtures.MonkeyPatch('nova.db.main.api.get_context_manager',
                                  fail):
            yield

    def test_cell_that_is_away_is_left_out(self):
        before = self.scrape()
        self.assertEqual({'cell1', 'cell2'},
                         {cell for cell, _ in self.servers(before)})
        with self.away('cell2'):
            scrape = self.scrape()
        self.assertEqual({('cell1', 'UP'): 2}, self.servers(scrape))
        self.assertIsNone(scrape.value('servers', cell='cell2',
                                       host_status='UP'))
        self.assertIsNone(scrape.value('locked_servers', cell='cell2',
                                       locked_by='owner'))

        def looked(scrape, cell):
            return scrape.value('last_look_timestamp_seconds',
                                duty='metrics', cell=cell)

        # When it was seen last is what tells that it is away.
        self.assertEqual(looked(before, 'cell2'), looked(scrape, 'cell2'))
        self.assertGreater(looked(scrape, 'cell1'), looked(before, 'cell1'))
        self.assertEqual({('cell1', 'UP'): 2, ('cell2', 'UP'): 2},
                         self.servers(self.scrape()))

    def test_cell_that_does_not_answer_is_left_out(self):
        """The thread of its last count hangs: no failure is seen."""
        self.scrape()
        now = time.monotonic
        for later, cells in ((170, 2), (190, 0)):
            with fixtures.MonkeyPatch('time.monotonic',
                                      lambda later=later: now() + later):
                scrape = self.process.scrape()
            self.assertEqual(cells, len(self.servers(scrape)))
