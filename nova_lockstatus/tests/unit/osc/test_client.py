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

"""What the OpenStackClient's commands decide, without a cloud."""

import argparse
import datetime
import itertools
import json
import subprocess
import sys
import threading
import types
from importlib import metadata

import ddt
import requests
import testtools

from nova_lockstatus.osc import bulk
from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import client
from nova_lockstatus.osc import error
from nova_lockstatus.osc import hypervisor_status
from nova_lockstatus.osc import lock_history
from nova_lockstatus.osc import lock_set
from nova_lockstatus.osc import output
from nova_lockstatus.osc import server_filter
from nova_lockstatus.utils import duration

STOCK = capabilities.Capabilities(newest=(2, 104))

PLUGIN = capabilities.Capabilities(
    frozenset({capabilities.LOCKED_STATUS, capabilities.SERVER_HOST_STATUS}),
    (2, 104))


def older(newest):
    return capabilities.Capabilities(newest=newest)


def pinned(found, version):
    return capabilities.Capabilities(found.aliases, found.newest, version)


@ddt.ddt
class MicroversionTestCase(testtools.TestCase):

    LOCK = (capabilities.LOCKED, capabilities.LOCKED_BY,
            capabilities.LOCKED_REASON)

    @ddt.data(
        # The extension gives it all at the cloud's default.
        (PLUGIN, LOCK, None),
        (PLUGIN, (capabilities.HOST_STATUS,), None),
        # Nova gives it from a microversion on, and some of it never.
        (STOCK, LOCK, '2.73'),
        (STOCK, (capabilities.LOCKED,), '2.9'),
        (STOCK, (capabilities.LOCKED_BY,), None),
        (STOCK, (capabilities.HOST_STATUS,), '2.16'),
        (STOCK, (capabilities.HOST_STATUS, *LOCK), '2.73'),
        (STOCK, (), None),
        # What an older cloud gives, it is asked for.
        (older((2, 73)), LOCK, '2.73'),
        (older((2, 72)), LOCK, '2.9'),
        (older((2, 72)), (capabilities.HOST_STATUS, *LOCK), '2.16'),
        (older((2, 8)), LOCK, None),
        (older(None), LOCK, None),
        # No extension gives tags.
        (PLUGIN, (capabilities.TAGS, *LOCK), '2.26'),
        # The user's own microversion is used for all.
        (pinned(PLUGIN, (2, 1)), LOCK, '2.1'),
        (pinned(STOCK, (2, 1)), LOCK, '2.1'),
        (pinned(STOCK, (2, 96)), (), '2.96'))
    @ddt.unpack
    def test_microversion_for(self, found, needed, expected):
        self.assertEqual(expected, found.microversion_for(*needed))

    @ddt.data(
        (PLUGIN, capabilities.LOCKED_BY, True),
        (STOCK, capabilities.LOCKED_BY, False),
        (STOCK, capabilities.LOCKED, True),
        (older((2, 9)), capabilities.LOCKED, True),
        (older((2, 8)), capabilities.LOCKED, False),
        (older(None), capabilities.LOCKED, False),
        (pinned(STOCK, (2, 72)), capabilities.LOCK_REASON, False),
        (pinned(STOCK, (2, 73)), capabilities.LOCK_REASON, True),
        (pinned(PLUGIN, (2, 1)), capabilities.LOCK_REASON, True),
        (PLUGIN, capabilities.FIND_HYPERVISORS, False))
    @ddt.unpack
    def test_supports_and_require(self, found, capability, expected):
        self.assertEqual(expected, found.supports(capability))
        if expected:
            found.require(capability)
        else:
            self.assertRaises(
                error.CommandError, found.require, capability)

    @ddt.data(
        (older((2, 60)), capabilities.LOCK_REASON,
         'For a lock with a reason the cloud needs the extension '
         'os-server-locked-status or microversion 2.73, and this '
         "cloud's newest is 2.60."),
        (older(None), capabilities.TAGS,
         'For a selection by tags the cloud needs microversion 2.26, and '
         'this cloud has no microversions.'),
        (pinned(STOCK, (2, 100)), capabilities.LOCKED_BY,
         'For who holds a lock the cloud needs the extension '
         'os-server-locked-status, and this cloud does not have it.'))
    @ddt.unpack
    def test_what_is_missing(self, found, capability, message):
        refusal = self.assertRaises(
            error.CommandError, found.require, capability)
        self.assertEqual(message, str(refusal))

    def test_parse_microversion(self):
        self.assertEqual((2, 73), capabilities.parse_microversion('2.73'))
        for text in ('2', '2.', 'x.1', '', '2.1.1'):
            self.assertRaises(error.CommandError,
                              capabilities.parse_microversion, text)


@ddt.ddt
class SelectionTestCase(testtools.TestCase):

    SERVER = {'tenant_id': 'p', 'OS-EXT-SRV-ATTR:host': 'h',
              'tags': ['a', 'b']}

    @ddt.data(
        ({}, True), ({'project_id': 'p'}, True), ({'project_id': 'q'}, False),
        ({'host': 'h'}, True), ({'host': 'H'}, False),
        ({'tags': ('a', 'b')}, True), ({'tags': ('a', 'c')}, False),
        ({'project_id': 'p', 'host': 'other'}, False))
    @ddt.unpack
    def test_matches(self, chosen, expected):
        self.assertEqual(
            expected,
            server_filter.ServerFilter(**chosen).matches(self.SERVER))

    def test_a_host_that_is_not_shown_chooses_nothing(self):
        self.assertRaises(
            error.CommandError, server_filter.ServerFilter(host='h').matches,
            {'tenant_id': 'p'})

    @ddt.data(
        ({}, {}),
        ({'all_projects': True}, {'all_tenants': 'True'}),
        # Nova lets administrators alone ask for all projects.
        ({'project_id': 'own'}, {'project_id': 'own'}),
        ({'project_id': 'p'}, {'all_tenants': 'True', 'project_id': 'p'}),
        ({'host': 'h', 'tags': ('a', 'b')}, {'host': 'h', 'tags': 'a,b'}))
    @ddt.unpack
    def test_query(self, chosen, expected):
        self.assertEqual(
            expected, server_filter.ServerFilter(**chosen).query('own'))


class TableTestCase(testtools.TestCase):

    COLUMNS = (output.Column('ID', 'id'),
               output.Column('By', 'by', capabilities.LOCKED_BY),
               output.Column('Why', 'why', capabilities.LOCKED_REASON))

    def test_columns_that_no_row_has_are_left_out(self):
        rows: list[dict] = [{'id': 1, 'why': None}, {'id': 2}]
        self.assertEqual(
            (['ID', 'Why'], [[1, None], [2, None]]),
            output.lay_out(self.COLUMNS, rows, PLUGIN))

    def test_without_rows_the_cloud_decides(self):
        for found, heads in ((PLUGIN, ['ID', 'By', 'Why']),
                             (STOCK, ['ID', 'Why']),
                             (older((2, 60)), ['ID'])):
            self.assertEqual(
                (heads, []), output.lay_out(self.COLUMNS, [], found))


class OutputTestCase(testtools.TestCase):

    def test_every_command_writes_only_what_prints(self):
        commands = [point.load() for point in metadata.entry_points(
            group='openstack.lockstatus.v2')]
        self.assertNotEqual([], commands)
        for command in commands:
            self.assertTrue(issubclass(
                command, (output.Lister, output.ShowOne)), command)


@ddt.ddt
class LockTestCase(testtools.TestCase):

    @ddt.data(
        ({'locked': False}, True, None),
        ({'locked': False}, False, None),
        ({}, False, None),
        ({'locked': True, 'locked_reason': 'why'}, False, None),
        ({'locked': True, 'locked_reason': 'x'}, False, 'unlock it first'),
        ({'locked': True, 'locked_by': 'owner', 'locked_reason': 'x'}, True,
         None),
        ({'locked': True, 'locked_by': 'admin', 'locked_reason': 'x'}, True,
         'An administrator holds the lock'))
    @ddt.unpack
    def test_blocked_reason(self, server, replaces_reason, expected):
        found = lock_set.blocked_reason(server, 'why', replaces_reason)
        if expected is None:
            self.assertIsNone(found)
        else:
            self.assertIn(expected, found)

    def actions(self, *names):
        return [{'action': name, 'user_id': 'u%d' % number,
                 'start_time': '2026-11-%02dT12:00:00.000000' % (20 - number)}
                for number, name in enumerate(names)]

    @ddt.data(
        ((), None, None),
        (('reboot', 'create'), None, None),
        (('lock',), '2026-11-20T12:00:00Z', 'u0'),
        # The first of those since the last unlock says since when.
        (('reboot', 'lock', 'lock', 'unlock', 'lock'),
         '2026-11-18T12:00:00Z', 'u1'),
        (('unlock', 'lock'), None, None))
    @ddt.unpack
    def test_lock_in_force(self, names, since, user):
        self.assertEqual(
            {'locked_at': since, 'locked_by_user_id': user},
            lock_history.lock_in_force(
                lock_history.read(self.actions(*names))))

    def test_history_for_people_and_programs(self):
        column = lock_history.HistoryColumn(
            lock_history.read(self.actions('unlock', 'stop', 'lock')))
        self.assertEqual(
            '2026-11-20T12:00:00Z unlock by user u0 of project None\n'
            '2026-11-18T12:00:00Z lock by user u2 of project None',
            column.human_readable())
        self.assertEqual(
            [{'action': 'unlock', 'time': '2026-11-20T12:00:00Z',
              'user_id': 'u0', 'project_id': None, 'request_id': None},
             {'action': 'lock', 'time': '2026-11-18T12:00:00Z',
              'user_id': 'u2', 'project_id': None, 'request_id': None}],
            json.loads(json.dumps(column.machine_readable())))

    @ddt.data(('45m', 45), ('12h', 720), ('30d', 43200), ('2w', 20160))
    @ddt.unpack
    def test_age(self, text, minutes):
        self.assertEqual(datetime.timedelta(
            minutes=minutes), duration.parse(text))

    @ddt.data('', '30', 'd', '-1d', '1.5h', '30 d', '1y', '9999999d')
    def test_no_age(self, text):
        self.assertRaises(argparse.ArgumentTypeError, duration.parse, text)

    def test_longest_age_fits(self):
        self.assertFalse(duration.is_older(
            '2000-01-01T00:00:00Z', duration.parse('999999w'),
            datetime.datetime.now(datetime.timezone.utc)))

    def test_is_older(self):
        now = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        self.assertTrue(duration.is_older('2026-11-20T00:00:00Z', day, now))
        self.assertFalse(duration.is_older('2026-11-20T00:00:01Z', day, now))
        self.assertFalse(duration.is_older(None, day, now))


@ddt.ddt
class HypervisorTestCase(testtools.TestCase):

    NOVAS = {'hypervisor_hostname': 'n', 'state': 'up', 'status': 'disabled',
             'service': {'host': 'h', 'disabled_reason': 'dust'}}

    ROW = {'hypervisor_hostname': 'n', 'state': 'up', 'status': 'disabled',
           'disabled_reason': 'dust'}

    @ddt.data(
        (NOVAS, None, ROW),
        (NOVAS, {'h': True}, {**ROW, 'forced_down': True}),
        (NOVAS, {'other': True}, ROW),
        # The extension's own fields count.
        ({**NOVAS, 'forced_down': False, 'disabled_reason': 'mine'},
         {'h': True}, {**ROW, 'forced_down': False,
                       'disabled_reason': 'mine'}),
        ({**NOVAS, 'running_vms': 3}, None, {**ROW, 'servers': 3}),
        ({**NOVAS, 'servers': [{}, {}]}, None, {**ROW, 'servers': 2}))
    @ddt.unpack
    def test_flatten(self, hypervisor, forced_down, expected):
        self.assertEqual(expected, hypervisor_status.flatten(
            hypervisor, forced_down))

    def test_unique(self):
        found = [{'id': number, 'hypervisor_hostname': name,
                  'service': {'id': number, 'host': host}}
                 for number, name, host in (
                     (1, 'n1', 'h1'), (1, 'n2', 'h2'), (2, 'n3', 'h2'),
                     (1, 'n2', 'h2'), (2, 'n3', 'h3'))]
        self.assertEqual([*found[:3], found[4]],
                         hypervisor_status.unique(found))


class PagesTestCase(testtools.TestCase):
    """Lists in pages, as clouds give them."""

    def setUp(self):
        super().setUp()
        self.asked = []
        self.client = client.ComputeClient(types.SimpleNamespace(compute=self))

    def request(self, path, method, *, params, **_how):
        """Answer as the SDK's proxy of the compute service does."""
        marker = str(params.get('marker', ''))
        self.asked.append((path, marker))
        items, following = self.answers[marker]
        body: dict = {'things': items}
        if following:
            # A cloud may not know where it can be reached.
            body['things_links'] = [
                {'rel': 'prev', 'href': 'http://inside/?marker=0'},
                {'rel': 'next', 'href': 'http://inside/?%s' % following}]
        answer = requests.Response()
        answer.status_code = 200
        answer._content = json.dumps(body).encode()
        return answer

    def read(self):
        found = self.client.pages('/things', 'things', None)
        return [item['id'] for item in itertools.islice(found, 20)]

    def test_the_link_says_where_the_next_page_begins(self):
        self.answers = {'': ([{'id': 1}], 'limit=1&marker=a%20b'),
                        'a b': ([{'id': 2}], 'marker=c'),
                        'c': ([], '')}
        self.assertEqual([1, 2], self.read())
        self.assertEqual([('/things', marker) for marker in self.answers],
                         self.asked)

    def test_pages_in_a_circle(self):
        # As integer ids of hypervisors make it that two cells have.
        self.answers = {'': ([{'id': 1}, {'id': 2}], 'marker=2'),
                        '2': ([{'id': 3}, {'id': 1}], 'marker=1'),
                        '1': ([{'id': 2}, {'id': 3}], 'marker=3'),
                        '3': ([{'id': 1}, {'id': 2}], 'marker=2')}
        refusal = self.assertRaises(error.CommandError, self.read)
        self.assertEqual(
            'The pages of /things lead in a circle, back to the marker 2: '
            'choose another microversion with --os-compute-api-version.',
            str(refusal))


class ParallelTestCase(testtools.TestCase):

    def test_order_and_failures(self):
        def work(item):
            if item == 2:
                raise error.CommandError('two')
            return item * 10

        steps = []
        outcomes = bulk.run_each(work, [3, 2, 1], 2, lambda: steps.append(1))
        self.assertEqual(
            [(3, 30, 'None'), (2, None, 'two'), (1, 10, 'None')],
            [(outcome.item, outcome.result, str(outcome.failure))
             for outcome in outcomes])
        self.assertEqual(3, len(steps))

    def test_a_bug_is_not_swallowed(self):
        self.assertRaises(ZeroDivisionError, bulk.run_each,
                          lambda item: 1 / item, [0], 1)

    def test_as_many_at_a_time_as_asked_for(self):
        together = threading.Barrier(3, timeout=10)
        lock = threading.Lock()
        running, most = [], []

        def work(item):
            with lock:
                running.append(item)
                most.append(len(running))
            together.wait()
            with lock:
                running.remove(item)

        bulk.run_each(work, range(9), 3)
        self.assertEqual(3, max(most))

    def test_what_has_not_begun_does_not_begin_after_ctrl_c(self):
        begun = []
        released = threading.Event()

        def work(item):
            begun.append(item)
            if item == 1:
                released.wait(10)

        def interrupt():
            threading.Timer(0.5, released.set).start()
            raise KeyboardInterrupt

        self.assertRaises(KeyboardInterrupt, bulk.run_each, work, [0, 1, 2, 3],
                          1, interrupt)
        # The second one may have begun meanwhile.
        self.assertIn(begun, ([0], [0, 1]))


@ddt.ddt
class ErrorTestCase(testtools.TestCase):

    @ddt.data(
        ({'conflictingRequest': {'code': 409, 'message': 'Two\n lines.'}},
         'Two lines.'),
        ({'errors': [{'detail': 'Too new.'}]}, 'Too new.'),
        ({'errors': []}, 'Conflict'), ([1], 'Conflict'), ({}, 'Conflict'),
        ('x', 'Conflict'),
        # Such as the reason of a lock that refuses the call.
        ({'conflictingRequest': {'message': 'Locked: \x1b[2J.'}},
         r'Locked: \x1b[2J.'))
    @ddt.unpack
    def test_text_of(self, body, expected):
        answer = requests.Response()
        answer.reason = 'Conflict'
        answer._content = json.dumps(body).encode()
        self.assertEqual(expected, error.text_of(answer))

    def test_text_of_a_page(self):
        answer = requests.Response()
        answer.reason = 'Bad Gateway'
        answer._content = b'<html>'
        self.assertEqual('Bad Gateway', error.text_of(answer))

    def test_refused(self):
        self.assertEqual('Gone (HTTP 404)', str(error.Refused(404, 'Gone.')))


class ImportTestCase(testtools.TestCase):

    def test_nothing_needs_nova(self):
        code = '''
import importlib, pkgutil, sys
sys.modules['nova'] = None
import nova_lockstatus.osc as package
for module in pkgutil.iter_modules(package.__path__):
    importlib.import_module(package.__name__ + '.' + module.name)
'''
        run = subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                             capture_output=True, text=True)
        self.assertEqual((0, ''), (run.returncode, run.stderr))

    def test_every_start_of_the_client_loads_little(self):
        code = '''
import sys
import nova_lockstatus.osc.plugin
print([name for name in sys.modules if name.startswith((
    'nova_lockstatus.osc.', 'openstack', 'osc_lib', 'rich'))])
'''
        run = subprocess.run([sys.executable, '-c', code],
                             capture_output=True, text=True)
        self.assertEqual("['nova_lockstatus.osc.plugin']\n", run.stdout)
