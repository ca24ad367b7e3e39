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

import ipaddress

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

    def test_special_purposes(self):
        """What is_global of some Python lets pass, and what is next to it."""
        allows = allowed_addresses.allows([])
        for text in (
                'fec0::1', 'feff::1', '192.0.0.1', '192.0.0.192',
                '192.0.0.255', '3fff::1', '3fff:fff::1', '168.63.129.16',
                '192.88.99.1', '192.88.99.2', '192.31.196.1', '192.52.193.1',
                '192.175.48.1', '198.18.0.1', '198.19.255.255',
                '2620:4f:8000::1', '100::1', '100:0:0:1::1', '5f00::1',
                '64:ff9b::808:808', '64:ff9b:1::1', '2001::1', '2001:1::1',
                '2001:20::1', '2001:30::1', '2002:808:808::1', '4000::1',
                'e000::1', 'fe00::1', '::8.8.8.8', '0:0:0:0:ffff::1',
                '::ffff:168.63.129.16', '::ffff:192.0.0.192'):
            self.assertFalse(allows(allowed_addresses.parse(text)), text)
        for text in ('192.0.1.1', '191.255.255.255', '192.88.98.1',
                     '192.88.100.1', '168.63.129.15', '168.63.129.17',
                     '198.17.255.255', '198.20.0.0', '2001:200::1',
                     '2003::1', '3ffe::1', '3fff:1000::1', '2620:4f:8001::1',
                     '100.63.255.255', '100.128.0.0', '223.255.255.255'):
            self.assertTrue(allows(allowed_addresses.parse(text)), text)

    def test_metadata(self):
        allows = allowed_addresses.allows([])
        for text in allowed_addresses.METADATA:
            self.assertFalse(allows(allowed_addresses.parse(text)), text)

    def test_all_that_this_python_knows(self):
        """The list has each network that ipaddress has."""
        ours = [ipaddress.ip_network(text)
                for text in allowed_addresses.SPECIAL]
        for version in (ipaddress.IPv4Address, ipaddress.IPv6Address):
            known = version._constants
            networks = [
                *known._private_networks, known._linklocal_network,
                *getattr(known, '_reserved_networks', ()),
                getattr(known, '_reserved_network', None),
                getattr(known, '_sitelocal_network', None),
                known._multicast_network]
            for network in filter(None, networks):
                covered = any(
                    network.version == our.version and network.subnet_of(our)
                    for our in ours)
                outside = network.version == 6 and not network.overlaps(
                    ipaddress.ip_network('2000::/3'))
                self.assertTrue(covered or outside, network)

    def test_what_is_configured(self):
        allows = allowed_addresses.allows(['10.0.0.0/8', 'fd00::/8'])
        for text in ('10.1.2.3', 'fd00::1', '::ffff:10.1.2.3'):
            self.assertTrue(allows(allowed_addresses.parse(text)), text)
        for text in ('8.8.8.8', '11.0.0.1', '2001:4860:4860::8888'):
            self.assertFalse(allows(allowed_addresses.parse(text)), text)
