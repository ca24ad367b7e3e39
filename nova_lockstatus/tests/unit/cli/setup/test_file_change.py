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

import pathlib

import fixtures
import testtools

from nova_lockstatus import exception
from nova_lockstatus.cli.setup import file_change
from nova_lockstatus.cli.setup.file_change import FileChange

URL = 'connection = mysql://u:%s@host/x\n'


class DifferenceTestCase(testtools.TestCase):

    def test_a_password_is_not_shown(self):
        shown = FileChange(
            '/x', URL % 'one' + 'secret = abc\na = 1\n',
            URL % 't:w/o@' + 'secret = abc\na = 2\n',
            is_secret=True).difference()
        self.assertEqual('--- /x\n+++ /x\n@@ -3 +3 @@\n-a = 1\n+a = 2\n',
                         shown)
        shown = FileChange('/x', None, URL % 'one',
                           is_secret=True).difference()
        self.assertIn('+connection = mysql://u:***@host/x\n', shown)

    def test_another_password(self):
        self.assertEqual(
            '--- /x\n+++ /x\nAnother password\n', FileChange(
                '/x', URL % 'one', URL % 'two', is_secret=True).difference())


class ApplyTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.first = self.folder / 'first'
        self.first.write_text('1\n')
        self.first.chmod(0o640)

    def change(self, path, before, after, backup=None):
        return FileChange(str(path), before, after, backup, str(self.first))

    def test_all(self):
        new = self.folder / 'new' / 'file'
        backup = self.folder / 'backup'
        file_change.apply([self.change(self.first, '1\n', '2\n', str(backup)),
                           self.change(new, None, 'x\n')])
        self.assertEqual(['2\n', '1\n', 'x\n'], [
            path.read_text() for path in (self.first, backup, new)])
        self.assertEqual([0o640] * 3, [
            path.stat().st_mode & 0o777
            for path in (self.first, backup, new)])

    def test_none(self):
        new = self.folder / 'new' / 'file'
        for wrong in (self.change(self.first, 'other', 'y'),
                      self.change(self.first, None, 'y'),
                      self.change(self.first / 'below', None, 'y'),
                      self.change(self.folder / 'a' / 'b' / 'c', None, 'y')):
            self.assertRaises(
                exception.LockStatusException, file_change.apply,
                [self.change(self.first, '1\n', '2\n'),
                 self.change(new, None, 'x\n'), wrong])
            self.assertEqual([self.first], list(self.folder.iterdir()))
            self.assertEqual('1\n', self.first.read_text())
