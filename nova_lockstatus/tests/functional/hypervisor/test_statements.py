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

"""Pins the statements of lists of hypervisors, at two sizes."""

import contextlib

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts

CELLS = 2

# Reads of the API database are one each: the mappings of the hosts.
LISTS = {
    # Nodes and services.
    '/os-hypervisors': 2, '/os-hypervisors/detail': 2,
    # A marker is read by uuid and by id in the cell that has it.
    '/os-hypervisors?limit=1000&marker=%s': 3,
    # And the servers.
    '/os-hypervisors?with_servers=true': 3,
    '/os-hypervisors/detail?with_servers=true': 3,
    '/os-hypervisors?hypervisor_hostname_pattern=host&with_servers=true': 3,
    # What decides of all nodes, services, and the nodes that are shown.
    '/os-hypervisors?state=up': 3,
    '/os-hypervisors/detail?state=up&limit=3': 3,
    '/os-hypervisors?status=disabled&limit=2': 3,
    '/os-hypervisors?state=up&with_servers=true': 4,
}

OLD_LISTS = {'/os-hypervisors': 2, '/os-hypervisors/detail': 2,
             '/os-hypervisors?state=up': 3,
             '/os-hypervisors/host/search': 2,
             '/os-hypervisors/host/servers': 3,
             '/os-hypervisors/host/search?state=up': 2}


@contextlib.contextmanager
def rollbacks():
    """Gather the ROLLBACKs that go to the databases meanwhile.

    :returns: a list that fills with their connections
    """
    found = []

    def remember(connection):
        found.append(connection)

    with base.listening('rollback', remember):
        yield found


class StatementsTestCase(base.NoHeartbeatsTestCase):

    options = {'cells': CELLS, 'hosts': ()}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = staticmethod(base.load_app(pipelines=()))
        cls.count = 0

    def setUp(self):
        super().setUp()
        many_hosts.answer_for_all(self)

    def grow(self, count):
        """Have so many hosts, or as many as there are already."""
        for number in range(self.count, count):
            many_hosts.add(
                self.nova, 'cell%d' % (number % CELLS + 1),
                ['host-%d' % number],
                service={'disabled': number % 4 == 0})
        type(self).count = max(self.count, count)

    def counts(self, path, microversion, app=None):
        """Return how many SELECTs and ROLLBACKs a call makes."""
        tries = []
        for _ in range(2):
            with base.statements() as selects, rollbacks() as rolled_back:
                answer = base.ask(app or self.nova.app, 'GET', '/v2.1' + path,
                                  'admin', microversion)
            self.assertEqual(200, answer.status_code, answer.text)
            tries.append((len(selects), len(rolled_back)))
        return min(tries)

    def test_constant_in_each_cell(self):
        sizes = {}
        for more in (4, 8):
            self.grow(self.count + more)
            marker = self.ids()[0]
            for lists, microversion in ((OLD_LISTS, '2.1'), (LISTS, '2.53'),
                                        (LISTS, '2.88')):
                for path, in_a_cell in lists.items():
                    where = '%s at %s' % (path, microversion)
                    selects, rolled_back = self.counts(
                        path % marker if '%' in path else path, microversion)
                    self.assertLessEqual(selects, 1 + CELLS * in_a_cell, where)
                    self.assertLessEqual(rolled_back, 2 * selects, where)
                    sizes.setdefault(where, set()).add(selects)
        changing = {where for where, counts in sizes.items()
                    if len(counts) > 1 and 'limit' not in where}
        self.assertEqual(set(), changing)

    def ids(self):
        answer = base.ask(self.nova.app, 'GET', '/v2.1/os-hypervisors',
                          'admin', '2.53')
        return [item['id'] for item in answer.json['hypervisors']]

    def test_pages_with_a_filter(self):
        # One of four matches, wherever the page is.
        self.grow(12)
        for limit in (1, 2, 100):
            selects, _ = self.counts(
                '/os-hypervisors?status=disabled&limit=%d' % limit, '2.53')
            self.assertLessEqual(selects, 1 + CELLS * 3)

    def test_single_show_pays_nothing(self):
        self.grow(4)
        for microversion in ('2.53', '2.87', '2.88'):
            for hypervisor in self.ids():
                for query in ('', '?with_servers=true'):
                    path = '/os-hypervisors/%s%s' % (hypervisor, query)
                    for ours, stock in zip(
                            self.counts(path, microversion),
                            self.counts(path, microversion, self.stock)):
                        self.assertLessEqual(ours, stock)

    def test_they_are_counted(self):
        self.grow(4)
        selects, rolled_back = self.counts(
            '/os-hypervisors', '2.1', self.stock)
        self.assertGreaterEqual(selects, 2 * self.count)
        self.assertGreaterEqual(rolled_back, self.count)
