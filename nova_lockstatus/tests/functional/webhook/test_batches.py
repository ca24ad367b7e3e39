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

"""Batches of events of many hosts, and several POSTs at the same time."""

import time
import uuid

from nova import context
from nova.conf import CONF
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.conf import webhooks as options
from nova_lockstatus.db import webhook_history
from nova_lockstatus.events import retention
from nova_lockstatus.tests.fixtures import server_rows
from nova_lockstatus.tests.fixtures.webhook_case import WebhooksTestCase

HOSTS = ['rack1-%d' % number for number in range(20)]


class BatchesTestCase(WebhooksTestCase):

    def setUp(self):
        super().setUp()
        self.ids = self.copy_servers('o1', HOSTS)

    def copy_servers(self, name, hosts, count=2):
        """Insert servers as rows alone.

        :returns: their ids
        """
        ctxt = context.get_admin_context()
        ids = {str(uuid.uuid4()): host for host in hosts
               for _ in range(count)}
        with context.target_cell(
                ctxt, self.nova.services.cell_mappings['cell1']) as target:
            with db.get_context_manager(target).writer.using(
                    target) as session:
                table = models.Instance.__table__
                [found] = session.connection().execute(
                    table.select().where(
                        table.c.display_name == name,
                        table.c.host == 'compute1',
                        table.c.deleted == 0)).mappings()
                server_rows.copy_server(
                    session, server_rows.CELL_TABLES[:1], found['uuid'],
                    list(ids))
                for server_id, host in ids.items():
                    session.connection().execute(table.update().where(
                        table.c.uuid == server_id).values(host=host))
        self.addCleanup(self.delete_rows, list(ids))
        return ids

    def delete_rows(self, ids):
        ctxt = context.get_admin_context()
        with context.target_cell(
                ctxt, self.nova.services.cell_mappings['cell1']) as target:
            with db.get_context_manager(target).writer.using(
                    target) as session:
                table = models.Instance.__table__
                session.connection().execute(
                    table.delete().where(table.c.uuid.in_(ids)))

    def in_order(self):
        """Return the statuses that were posted, by server."""
        found = {}
        for event in self.servers['other'].events():
            found.setdefault(event['subject'], []).append(
                event['data']['host_status'])
        return found

    def rack_fails(self):
        self.fill('webhook:other', HOSTS)
        for host in HOSTS:
            self.record('webhook:other', host, 'UP')

    def test_rack(self):
        """Few POSTs, and each server's events in their order."""
        self.set(options.group('other'), batch=100)
        other = self.servers['other']
        other.delay = 0.05
        self.rack_fails()
        start = time.monotonic()
        self.run_until_delivered(self.webhook('other'), 'other')
        seconds = time.monotonic() - start
        self.assertEqual({server_id: ['DOWN', 'UP'] for server_id in self.ids},
                         self.in_order())
        # One by one it would be 80.
        self.assertLess(len(other.requests), 30, seconds)

    def test_several_at_the_same_time_in_order(self):
        self.set(options.group('other'), parallel=4)
        self.servers['other'].delay = 0.02
        self.rack_fails()
        self.run_until_delivered(self.webhook('other'), 'other')
        self.assertEqual({server_id: ['DOWN', 'UP'] for server_id in self.ids},
                         self.in_order())
        self.assertEqual(80, len(self.servers['other'].requests))

    def test_failures(self):
        """None is lost, and those of a host stay in their order."""
        self.set(options.group('other'), batch=7, parallel=3)
        other = self.servers['other']
        other.answers = [(204, {}), (503, {}), (204, {}), (429, {}),
                         (500, {}), (413, {})]
        self.rack_fails()
        self.run_until_delivered(self.webhook('other'), 'other')
        for server_id in self.ids:
            told = self.in_order()[server_id]
            # One that is posted again has the same id.
            self.assertEqual(['DOWN', 'UP'], list(dict.fromkeys(told)))
            self.assertEqual(sorted(told), told)

    def test_two_processes(self):
        """A change is delivered by one of them."""
        self.set(options.group('other'), batch=10)
        self.rack_fails()
        first, second = (self.webhook('other') for _ in range(2))
        while self.waits('other'):
            first.run(self.watch.stop)
            second.run(self.watch.stop)
        self.assertEqual(80, len(self.servers['other'].events()))

    def kept(self):
        return webhook_history.count(self.store).get('other', 0)

    def test_history_is_bounded(self):
        self.set('lockstatus', webhook_history_events=30)
        self.set(options.group('other'), batch=100)
        self.rack_fails()
        self.run_until_delivered(self.webhook('other'), 'other')
        self.assertEqual(80, self.kept())
        retention.OutboxRetention(CONF, self.store).run(self.watch.stop)
        self.assertEqual(30, self.kept())
        self.set('lockstatus', webhook_history=0)
        retention.OutboxRetention(CONF, self.store).run(self.watch.stop)
        self.assertEqual(0, self.kept())
        self.fill('webhook:other', ['rack2'])
        self.copy_servers('o1', ['rack2'])
        self.deliver('other')
        self.assertEqual(0, self.kept())
