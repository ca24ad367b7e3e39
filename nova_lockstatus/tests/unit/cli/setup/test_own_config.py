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

import testtools

from nova_lockstatus import exception
from nova_lockstatus.cli.setup import own_config

URL = 'mysql+pymysql://u:pa$$w@host/x?charset=utf8mb4'

LINE = 'connection = mysql+pymysql://u:pa$$$$w@host/x?charset=utf8mb4\n'


class EditTestCase(testtools.TestCase):

    def assert_edited(self, expected, text):
        self.assertEqual(
            expected, own_config.with_connection(text, URL, 'x.conf'))
        # What is right already stays as it is.
        self.assertEqual(
            expected, own_config.with_connection(expected, URL, 'x.conf'))

    def test_no_file(self):
        self.assert_edited(
            '# Made by "nova-lockstatus setup".\n[lockstatus]\n' + LINE, None)

    def test_empty_file(self):
        self.assert_edited('[lockstatus]\n' + LINE, '')

    def test_other_sections(self):
        self.assert_edited('[DEFAULT]\nhost = a\n\n[lockstatus]\n' + LINE,
                           '[DEFAULT]\nhost = a')

    def test_section_without_the_option(self):
        self.assert_edited(
            '[lockstatus]\n' + LINE + 'guard = report\n[x]\ny = 1\n',
            '[lockstatus]\nguard = report\n[x]\ny = 1\n')
        self.assert_edited('[lockstatus]\n' + LINE, '[lockstatus]')

    def test_another_value(self):
        rest = '# connection = none\n[lockstatus]\n# connection = old\n%s# z\n'
        for old in ('connection = sqlite:////old\n', 'connection=a\n',
                    'connection =\n', 'connection = a\n  b\n'):
            self.assert_edited(rest % LINE, rest % old)

    def test_what_is_not_understood_is_refused(self):
        for text in ('[lockstatus]\nnonsense\n',
                     '[lockstatus]\nconnection = a\nconnection = b\n'
                     '[lockstatus]\nguard_interval = x\nconnection = c\n[y'):
            self.assertRaises(exception.FileUnwritable,
                              own_config.with_connection, text, URL, 'x.conf')
