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

import ddt
import testtools

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import error
from nova_lockstatus.tests.fixtures.osc_clouds import PLUGIN
from nova_lockstatus.tests.fixtures.osc_clouds import STOCK
from nova_lockstatus.tests.fixtures.osc_clouds import older
from nova_lockstatus.tests.fixtures.osc_clouds import pinned


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
