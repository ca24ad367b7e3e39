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

"""What the upgrade is made of.

It runs anywhere: stestr fails a run of which each test is skipped.
"""

import testtools

from nova_lockstatus.tests.upgrade import environment


class EnvironmentTestCase(testtools.TestCase):

    def test_there_are_constraints_for_each_release(self):
        for release in environment.RELEASES:
            path = environment.TOP / 'constraints' / ('nova-%s.txt' % release)
            self.assertTrue(path.is_file(), path)
