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

"""Holds versioned objects against what is known of them."""

from oslo_versionedobjects import fixture

RAISE = ('An object has changed. Raise its version with its fingerprint, and '
         'say in a comment beside the version what is new.')


def check(case, modules, pinned):
    """Compare objects with their fingerprints.

    :param case: the test case
    :param modules: where they are
    :param pinned: version and fingerprint of each, by its name
    """
    checker = fixture.ObjectVersionChecker({
        name: [getattr(module, name) for module in modules
               if hasattr(module, name)] for name in pinned})
    expected, actual = checker.test_hashes(pinned)
    case.assertEqual(expected, actual, RAISE)
