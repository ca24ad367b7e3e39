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

from nova_lockstatus.events.webhook import allowed_addresses


class AddressTestCase(testtools.TestCase):

    def test_global_ones_by_default(self):
        allows = allowed_addresses.allows([])
        for text in ('8.8.8.8', '2001:4860:4860::8888', '::ffff:8.8.8.8'):
            self.assertTrue(allows(allowed_addresses.parse(text)), text)
        for text in (
                '127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1',
                '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1',
                '240.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1',
                'fe80::1%2', 'fd00::1', 'ff02::1', '::ffff:127.0.0.1',
                '::ffff:169.254.169.254', '2002:7f00:1::', '64:ff9b::a01:203',
                '2001:db8::1', '::127.0.0.1'):
            self.assertFalse(allows(allowed_addresses.parse(text)), text)

    def test_what_is_configured(self):
        allows = allowed_addresses.allows(['10.0.0.0/8', 'fd00::/8'])
        for text in ('10.1.2.3', 'fd00::1', '::ffff:10.1.2.3'):
            self.assertTrue(allows(allowed_addresses.parse(text)), text)
        for text in ('8.8.8.8', '11.0.0.1', '2001:4860:4860::8888'):
            self.assertFalse(allows(allowed_addresses.parse(text)), text)
