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

"""Nothing from outside reaches a terminal, or a log, as it is."""

import io

import fixtures
import testtools

from nova_lockstatus import exception
from nova_lockstatus.core import filter_values
from nova_lockstatus.core import server_lock
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import outside_text
from nova_lockstatus.utils import http_server
from nova_lockstatus.utils import log_once
from nova_lockstatus.utils import terminal


class EscapeTestCase(outside_text.OutsideTextTestCase):

    def setUp(self):
        super().setUp()
        for module in (log_once, http_server):
            self.listen_to(module.LOG.logger)

    def test_one_line(self):
        for text in self.texts:
            self.assertHarmless(terminal.one_line(text))
            self.assertHarmless(terminal.one_line(ValueError(text)))
        self.assertEqual('why: \u00e9 \U0001f600', terminal.one_line(
            'why: \u00e9 \U0001f600\n'))
        self.assertEqual('a' * 10 + ' ...', terminal.one_line('a' * 11, 10))
        self.assertEqual('a' * 10, terminal.one_line('a' * 10, 10))

    def test_reason_in_a_refusal(self):
        for text in self.texts:
            lock = server_lock.Lock('admin', text[:255])
            self.assertHarmless(server_lock.describe(lock))
            self.assertEqual(text[:255], lock.reason)
        self.assertEqual(' by admin: \\x1b[2J', server_lock.describe(
            server_lock.Lock('admin', '\x1b[2J')))

    def test_value_that_is_no_filter(self):
        for text in self.texts:
            for parse in (filter_values.parse, filter_values.matching):
                try:
                    parse('locked_by', text, ('UP',))
                except exception.LockStatusException as error:
                    self.assertHarmless(str(error), 2500)

    def test_failure_that_is_logged_once(self):
        for text in self.texts:
            log_once.LogOnce().failed('What', ValueError(text))
        self.assertEqual(len(self.texts), len(self.records))
        for record in self.records:
            self.assertHarmless(record.getMessage(), 12000)

    def test_request_of_the_metrics(self):
        handler = object.__new__(http_server._Handler)
        for text in self.texts:
            handler.log_message('"%s" %s', text, '404')
        self.assertEqual(len(self.texts), len(self.records))
        for record in self.records:
            self.assertHarmless(record.getMessage(), 12000)


class ColoursTestCase(testtools.TestCase):

    def set(self, **variables):
        for name, value in variables.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def test_a_terminal_has_colours(self):
        self.set(NO_COLOR=None, TERM='xterm')
        self.assertTrue(terminal.has_colours(commands.Terminal()))
        self.assertFalse(terminal.has_colours(io.StringIO()))

    def test_who_wants_none_gets_none(self):
        self.set(NO_COLOR='1', TERM='xterm')
        self.assertFalse(terminal.has_colours(commands.Terminal()))
        # As no-color.org says, an empty one is none.
        self.set(NO_COLOR='')
        self.assertTrue(terminal.has_colours(commands.Terminal()))
        self.set(TERM='dumb')
        self.assertFalse(terminal.has_colours(commands.Terminal()))

    def test_colour_of_a_status(self):
        self.assertEqual('\x1b[31mDOWN\x1b[0m', terminal.colour_status('DOWN'))
        self.assertEqual('\x1b[32mUP  \x1b[0m',
                         terminal.colour_status('UP', 'UP  '))
        self.assertEqual('', terminal.colour_status(''))
        self.assertEqual('-', terminal.colour_status('', '-'))
