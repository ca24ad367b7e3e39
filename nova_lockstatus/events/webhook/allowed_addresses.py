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


def parse(text: str) -> Address:
    """Read an address.

    :param text: as ``getaddrinfo()`` returns it
    :returns: the address; the IPv4 address of one that is mapped to IPv6
    """
    address = ipaddress.ip_address(text)
    return getattr(address, 'ipv4_mapped', None) or address


def is_global(address: Address) -> bool:
    """Tell whether an address is global and of a single machine."""
    # The IPv4 address that a 6to4 router would send to.
    inner = getattr(address, 'sixtofour', None)
    return (address.is_global and not address.is_multicast
            and not address.is_reserved and (inner is None
                                             or is_global(inner)))


def allows(networks: Sequence[str]) -> Allows:
    """Make the rule for the networks that are configured.

    :param networks: the networks that addresses must be in; without any,
        addresses must be global
    :raises InvalidWebhookNetwork: when one of them is not a network
    """
    try:
        allowed = [ipaddress.ip_network(network) for network in networks]
    except ValueError as error:
        raise exception.InvalidWebhookNetwork(problem=error) from error
    if not allowed:
        return is_global
    return lambda address: any(address in network for network in allowed)
