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

"""Decides which addresses a webhook may have."""

import ipaddress
from collections.abc import Callable, Sequence

from nova_lockstatus import exception

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Allows = Callable[[Address], bool]
"""Tells whether an address may be connected to."""

REGISTRIES_READ = '2025-05'
"""The month up to which IANA's registries are in :data:`SPECIAL`. The newest
entry then was that of RFC 9780."""

# NOTE: not ipaddress.is_global, whose registries are those of the day when
# the running Python was made: 3.11 lets 3fff::/20 pass. Of a block whose parts
# have entries of their own, the whole block is here: what is globally
# reachable in one are anycast addresses of protocols, and no web servers.
SPECIAL = (
    # https://www.iana.org/assignments/iana-ipv4-special-registry
    '0.0.0.0/8',          # This network
    '10.0.0.0/8',         # Private use
    '100.64.0.0/10',      # Shared address space
    '127.0.0.0/8',        # Loopback
    '169.254.0.0/16',     # Link-local
    '172.16.0.0/12',      # Private use
    '192.0.0.0/24',       # IETF protocol assignments
    '192.0.2.0/24',       # Documentation
    '192.31.196.0/24',    # AS112
    '192.52.193.0/24',    # AMT
    '192.88.99.0/24',     # 6to4 relays (deprecated), 6a44 relays
    '192.168.0.0/16',     # Private use
    '192.175.48.0/24',    # AS112
    '198.18.0.0/15',      # Benchmarking
    '198.51.100.0/24',    # Documentation
    '203.0.113.0/24',     # Documentation
    '240.0.0.0/4',        # Reserved, limited broadcast
    # https://www.iana.org/assignments/multicast-addresses
    '224.0.0.0/4',
    # https://www.iana.org/assignments/iana-ipv6-special-registry
    '::1/128',            # Loopback
    '::/128',             # Unspecified
    '::ffff:0:0/96',      # IPv4-mapped
    '64:ff9b::/96',       # IPv4-IPv6 translation
    '64:ff9b:1::/48',     # IPv4-IPv6 translation
    '100::/64',           # Discard-only
    '100:0:0:1::/64',     # Dummy prefix
    '2001::/23',          # IETF protocol assignments: Teredo, ORCHID, ...
    '2001:db8::/32',      # Documentation
    '2002::/16',          # 6to4
    '2620:4f:8000::/48',  # AS112
    '3fff::/20',          # Documentation
    '5f00::/16',          # Segment routing
    'fc00::/7',           # Unique local
    'fe80::/10',          # Link-local
    # https://www.iana.org/assignments/ipv6-address-space
    '::/96',              # IPv4-compatible (deprecated)
    'fec0::/10',          # Site-local (deprecated)
    'ff00::/8',           # Multicast
)
"""The networks of IANA's registries that are no single public machines."""

METADATA = (
    '168.63.129.16',      # Azure, a public address
    '169.254.169.254',    # OpenStack, and most others
    '169.254.170.2',      # AWS, credentials of containers
    '100.100.100.200',    # Alibaba
    '192.0.0.192',        # Oracle
    'fd00:ec2::254',      # AWS
    'fd20:ce::254',       # Google
    'fe80::a9fe:a9fe',    # OpenStack
)
"""Addresses at which platforms tell a machine its credentials. Most of them
are in a network of :data:`SPECIAL`."""

# https://www.iana.org/assignments/ipv6-address-space: all that IANA assigns
# as unicast addresses. The rest is reserved.
_GLOBAL_UNICAST = ipaddress.ip_network('2000::/3')

_REFUSED = tuple(map(ipaddress.ip_network, (*SPECIAL, *METADATA)))


def parse(text: str) -> Address:
    """Read an address.

    :param text: as ``getaddrinfo()`` returns it
    :returns: the address; the IPv4 address of one that is mapped to IPv6
    """
    address = ipaddress.ip_address(text)
    return getattr(address, 'ipv4_mapped', None) or address


def is_global(address: Address) -> bool:
    """Tell whether an address is a public one of a single machine."""
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _REFUSED)


def allows(networks: Sequence[str]) -> Allows:
    """Make the rule for the networks that are configured.

    :param networks: the networks that addresses must be in; without any,
        addresses must be public
    :raises InvalidWebhookNetwork: when one of them is not a network
    """
    try:
        allowed = [ipaddress.ip_network(network) for network in networks]
    except ValueError as error:
        raise exception.InvalidWebhookNetwork(problem=error) from error
    if not allowed:
        return is_global
    return lambda address: any(address in network for network in allowed)
