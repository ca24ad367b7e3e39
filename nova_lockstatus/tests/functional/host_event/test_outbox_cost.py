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

"""Pins the statements and the time that finding status changes takes."""

import time

from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.gateway import instances
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures.outbox_case import OutboxTestCase


class CostTestCase(OutboxTestCase):

    def test_statements_of_a_look(self):
        # Now it knows the hosts, and then that nobody else has changed them.
        self.watch.look()
        self.watch.look()
        with base.statements() as executed:
            self.watch.monitor.run(self.watch.stop)
        self.assertEqual(2, len(executed), executed)
        for statement in executed:
            self.assertIn('FROM services', statement)

    def test_thousand_hosts(self):
        added = ['host%04d' % number for number in range(1000)]
        table = models.Service.__table__
        many_hosts.insert(self.nova, 'cell1', models.Service, [
            {'host': host, 'binary': 'nova-compute', 'topic': 'compute',
             'report_count': 1, 'disabled': False, 'forced_down': False,
             'deleted': 0, 'last_seen_up': timeutils.utcnow()}
            for host in added])
        self.addCleanup(many_hosts.execute, self.nova, 'cell1',
                        table.delete().where(table.c.host.in_(added)))
        self.watch.look()
        self.watch.look()
        self.assertEqual(1004, len(self.known()))
        times = []
        with base.statements() as executed:
            for _ in range(5):
                start = time.process_time()
                self.watch.monitor.run(self.watch.stop)
                times.append(time.process_time() - start)
        self.assertEqual(10, len(executed))
        self.assertLess(min(times), 0.2)
        self.assertEqual(500, instances.PAGE_SIZE)
