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

import itertools
import types

import testtools

from nova_lockstatus import exception
from nova_lockstatus.core import host_status


def service(**values):
    return {'forced_down': False, 'disabled': False, **values}


def must_not_be_asked(service):
    raise AssertionError('liveness was asked for %s' % service)


class StatusTestCase(testtools.TestCase):

    def test_no_service(self):
        self.assertEqual('', host_status.status(None, must_not_be_asked))

    def test_liveness(self):
        self.assertEqual('UP', host_status.status(
            service(), lambda service: True))
        self.assertEqual('UNKNOWN', host_status.status(
            service(), lambda service: False))

    def test_record_alone_decides(self):
        # As Nova's code has it, and not the document of the blueprint.
        for forced_down, disabled, expected in (
                (True, False, 'DOWN'), (True, True, 'DOWN'),
                (False, True, 'MAINTENANCE'), (1, 0, 'DOWN'),
                (0, 1, 'MAINTENANCE')):
            self.assertEqual(expected, host_status.status(
                service(forced_down=forced_down, disabled=disabled),
                must_not_be_asked))

    def test_columns_that_are_null(self):
        self.assertEqual('UP', host_status.status(
            service(forced_down=None, disabled=None), lambda service: True))

    def test_the_service_is_what_is_asked_for(self):
        record = service(host='compute1')
        self.assertEqual('UP', host_status.status(
            record, lambda asked: asked is record))


class ComputeServiceTestCase(testtools.TestCase):

    def service(self, number, binary='nova-compute', deleted=False):
        return types.SimpleNamespace(id=number, binary=binary,
                                     deleted=deleted)

    def test_none(self):
        for services in (
                [], [self.service(1, deleted=True)],
                [self.service(1, 'nova-conductor')]):
            self.assertIsNone(host_status.compute_service(services))

    def test_the_one_that_counts(self):
        services = [self.service(1, deleted=True), self.service(2, 'other'),
                    self.service(3)]
        for order in itertools.permutations(services):
            self.assertEqual(3, host_status.compute_service(order).id)


class HostsInTestCase(testtools.TestCase):

    def test_hosts(self):
        statuses = {'a': 'UP', 'b': 'DOWN', 'c': 'UP', 'd': 'UNKNOWN'}
        for values, expected in (
                (['UP'], 'ac'), (['DOWN', 'UNKNOWN'], 'bd'),
                (['MAINTENANCE'], ''), ([''], ''), ([], '')):
            self.assertEqual(set(expected),
                             host_status.hosts_in(statuses, values))


class HostsTestCase(testtools.TestCase):

    def test_each_host_is_named_once(self):
        # Whoever is asked once more says that it does not report.
        answers = iter([True, False, False])
        hosts = host_status.HostStatuses(lambda service: next(answers))
        hosts.add(('cell1', 'compute1'), service())
        for _ in range(3):
            self.assertEqual('UP', hosts.status(('cell1', 'compute1')))

    def test_hosts_of_two_cells_with_one_name(self):
        hosts = host_status.HostStatuses(must_not_be_asked)
        hosts.add(('cell1', 'compute1'), service(forced_down=True))
        self.assertNotIn(('cell2', 'compute1'), hosts)
        hosts.add(('cell2', 'compute1'), service(disabled=True))
        hosts.add(('cell3', 'compute1'), None)
        self.assertEqual(
            ['DOWN', 'MAINTENANCE', ''],
            [hosts.status(('cell%d' % number, 'compute1'))
             for number in (1, 2, 3)])

    def test_what_fails_for_one_host_fails_for_no_other(self):
        def is_up(service):
            if service['host'] == 'bad':
                raise RuntimeError('the memcached is gone')
            return True

        hosts = host_status.HostStatuses(is_up)
        for host in ('good', 'bad'):
            hosts.add(('cell1', host), service(host=host))
        self.assertIn(('cell1', 'bad'), hosts)
        self.assertEqual('UP', hosts.status(('cell1', 'good')))
        error = self.assertRaises(exception.HostStatusUnread, hosts.status,
                                  ('cell1', 'bad'))
        self.assertIn('bad', str(error))
        self.assertEqual('the memcached is gone', str(error.__cause__))

    def test_cell_that_was_not_read(self):
        hosts = host_status.HostStatuses(must_not_be_asked)
        keys = [('cell1', 'compute1'), ('cell1', 'compute2')]
        cause = RuntimeError('timed out')
        hosts.add_unread(iter(keys), cause)
        for key in keys:
            self.assertIn(key, hosts)
            error = self.assertRaises(exception.HostStatusUnread,
                                      hosts.status, key)
            self.assertIs(cause, error.__cause__)


class GrantsTestCase(testtools.TestCase):

    ALL = (None, None)
    PROJECT = ('demo', None)
    USER = ('demo', 'owner')

    def grants(self, values, scope, unknown_scope):
        return [tuple(grant) for grant in host_status.grants(
            frozenset(values), scope, unknown_scope)]

    def test_nobody(self):
        for values in ({'UP'}, {'UNKNOWN'}, {''}, {'UP', 'UNKNOWN'}):
            self.assertEqual([], self.grants(values, None, None))

    def test_every_state(self):
        for values in ({'UP'}, {'UNKNOWN'}, {'', 'DOWN'}):
            for scope in (self.ALL, self.PROJECT, self.USER):
                self.assertEqual([(values, *scope)],
                                 self.grants(values, scope, None))

    def test_unknown_alone(self):
        self.assertEqual([({'UNKNOWN'}, *self.ALL)],
                         self.grants({'UNKNOWN'}, None, self.ALL))
        # A part of what was asked for would be another search.
        for values in ({'UP'}, {'UNKNOWN', 'DOWN'}, {''}):
            self.assertEqual([], self.grants(values, None, self.ALL))

    def test_unknown_of_others(self):
        self.assertEqual(
            [({'UNKNOWN', 'UP'}, *self.PROJECT), ({'UNKNOWN'}, *self.ALL)],
            self.grants({'UNKNOWN', 'UP'}, self.PROJECT, self.ALL))
        self.assertEqual([({'UP'}, *self.PROJECT)],
                         self.grants({'UP'}, self.PROJECT, self.ALL))

    def test_the_same_is_not_granted_twice(self):
        for scope in (self.ALL, self.PROJECT, self.USER):
            self.assertEqual([({'UNKNOWN'}, *scope)],
                             self.grants({'UNKNOWN'}, scope, scope))
