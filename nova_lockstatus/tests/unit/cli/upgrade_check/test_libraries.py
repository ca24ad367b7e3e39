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
import sys

import fixtures
import testtools
from oslo_config import cfg
from oslo_upgradecheck.upgradecheck import Code

from nova_lockstatus.cli.upgrade_check import libraries
from nova_lockstatus.cli.upgrade_check.installation import Installation

METADATA = """\
Metadata-Version: 2.1
Name: nova-lockstatus
Version: 1.0.0
"""


INSTALLATION = Installation(cfg.ConfigOpts(), {})


class LibrariesTestCase(testtools.TestCase):

    def check(self, *requirements):
        """Check with a package that has these requirements.

        :param requirements: the values of the header ``Requires-Dist``
        :returns: the code and the text
        """
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        information = folder / 'nova_lockstatus-1.0.0.dist-info'
        information.mkdir()
        (information / 'METADATA').write_text(METADATA + ''.join(
            'Requires-Dist: %s\n' % line for line in requirements))
        self.useFixture(fixtures.MonkeyPatch(
            'sys.path', [str(folder), *sys.path]))
        result = libraries.check(INSTALLATION)
        return result.code, result.details

    def test_the_installed_ones_are_new_enough(self):
        code, details = self.check('oslo.config>=1.0; extra == "server"',
                                   'SQLAlchemy>=1.4; extra == "server"')
        self.assertEqual(Code.SUCCESS, code)
        self.assertEqual('2 libraries are new enough.', details)

    def test_older_ones_are_named(self):
        code, details = self.check('oslo.config>=99; extra == "server"',
                                   'SQLAlchemy>=1.4; extra == "server"')
        self.assertEqual(Code.FAILURE, code)
        self.assertThat(details, testtools.matchers.MatchesRegex(
            r'.*: oslo\.config is [0-9.]+ and has to be >=99\. Install .*'
            r'"pip install nova-lockstatus\[server\]"\.$'))

    def test_missing_ones_are_named(self):
        code, details = self.check('no-such-library>=1; extra == "server"')
        self.assertEqual(Code.FAILURE, code)
        self.assertIn('no-such-library is not installed', details)

    def test_what_else_the_package_names_does_not_count(self):
        self.assertEqual(
            (Code.SUCCESS, '0 libraries are new enough.'),
            self.check('no-such-library>=1; extra == "osc"',
                       'another-one>=1'))

    def test_the_package_names_its_libraries(self):
        result = libraries.check(INSTALLATION)
        self.assertEqual(Code.SUCCESS, result.code, result.details)
        self.assertNotEqual('0 libraries are new enough.', result.details)
