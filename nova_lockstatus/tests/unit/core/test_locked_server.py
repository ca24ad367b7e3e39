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

import datetime
import re

import testtools

from nova_lockstatus.core import locked_server
from nova_lockstatus.tests.fixtures.locked_server_samples import NOW
from nova_lockstatus.tests.fixtures.locked_server_samples import SERVER
from nova_lockstatus.tests.fixtures.locked_server_samples import UNKNOWN


class FiltersTestCase(testtools.TestCase):

    def passes(self, server, **filters):
        return locked_server.LockedServerFilter(**filters).passes(server, NOW)

    def test_all(self):
        self.assertTrue(self.passes(SERVER))
        self.assertTrue(self.passes(UNKNOWN))

    def test_age(self):
        day = datetime.timedelta(days=1)
        second = datetime.timedelta(seconds=1)
        self.assertTrue(self.passes(SERVER, older_than=day))
        self.assertFalse(self.passes(SERVER, older_than=day + second))
        self.assertFalse(self.passes(UNKNOWN, older_than=second))

    def test_reason(self):
        for expression, expected in (
                ('invoice [0-9]+$', True), ('^invoice', False),
                ('(?i)UNPAID', True), ('', True)):
            self.assertEqual(expected, self.passes(
                SERVER, reason=re.compile(expression)), expression)
        self.assertFalse(self.passes(UNKNOWN, reason=re.compile('')))

    def test_expired(self):
        self.assertFalse(self.passes(SERVER, expired=True))
        self.assertTrue(self.passes(SERVER._replace(expired=True),
                                    expired=True))

    def test_both(self):
        filters = {'older_than': datetime.timedelta(hours=1),
                   'reason': re.compile('invoice')}
        self.assertTrue(self.passes(SERVER, **filters))
        self.assertFalse(self.passes(
            SERVER._replace(locked_reason='x'), **filters))
        self.assertFalse(self.passes(
            SERVER._replace(locked_at='2026-11-21T11:30:00Z'), **filters))

    def test_moment(self):
        self.assertEqual('2026-11-20T12:00:00Z', locked_server.format_time(
            datetime.datetime(2026, 11, 20, 12, 0, 0, 999)))
        self.assertIsNone(locked_server.format_time(None))
