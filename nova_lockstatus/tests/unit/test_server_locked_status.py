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

import testtools

from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import server_locked_status


class Instance(dict):
    """The part of Nova's Instance that the extension reads."""

    def __getattr__(self, name):
        return self[name]


def at(second):
    return datetime.datetime(2026, 11, 21, 12, 0, second)


def actions(*names):
    """Return actions, the newest first, each a second older."""
    return [base.Action(name, 'user-%d' % number, at(59 - number))
            for number, name in enumerate(names)]


class SinceTestCase(testtools.TestCase):

    def fields(self, locked_by, *names):
        asked = []

        def read(wanted):
            asked.append(wanted)
            return actions(*names)

        server = base.Server(Instance(locked_by=locked_by), {}, read)
        extension = server_locked_status.ServerLockedStatus()
        values = {field.key: field.value(server)
                  for field in extension.server_fields if field.shown_alone}
        return values['locked_at'], values['locked_by_user_id'], asked

    def test_the_first_lock_tells_when_and_the_last_one_who(self):
        self.assertEqual(
            ('2026-11-21T12:00:57Z', 'user-0'),
            self.fields('owner', 'lock', 'lock', 'lock', 'unlock',
                        'lock')[:2])

    def test_never_unlocked(self):
        self.assertEqual(('2026-11-21T12:00:58Z', 'user-0'),
                         self.fields('admin', 'lock', 'lock')[:2])

    def test_unlocked_server_is_not_asked_for(self):
        self.assertEqual((None, None, []),
                         self.fields(None, 'unlock', 'lock'))

    def test_records_are_gone(self):
        self.assertEqual((None, None), self.fields('owner')[:2])
        self.assertEqual((None, None), self.fields('owner', 'unlock')[:2])

    def test_time_that_was_not_recorded(self):
        extension = server_locked_status.ServerLockedStatus()
        server = base.Server(
            Instance(locked_by='owner'), {},
            lambda names: [base.Action('lock', 'user', None)])
        values = {field.key: field.value(server)
                  for field in extension.server_fields if field.shown_alone}
        self.assertEqual({'locked_at': None, 'locked_by_user_id': 'user'},
                         values)
