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

"""What a list of hypervisors is filtered by: pure functions."""

from collections.abc import Iterable
from typing import NamedTuple

from nova_lockstatus.core import filter_values

VALUES = {'state': ('up', 'down'), 'status': ('enabled', 'disabled')}
"""The parameters, each with the values that it takes."""


class HypervisorFilter(NamedTuple):
    """What a caller asks for.

    :param state: the states to list; none lists all
    :param status: the statuses to list; none lists all
    :param parameters: the parameters as the caller gave them
    """

    state: frozenset[str]
    status: frozenset[str]
    parameters: tuple[tuple[str, str], ...]

    def matches(self, is_up: bool, disabled: bool) -> bool:
        """Tell whether a hypervisor is to be listed.

        :param is_up: whether its nova-compute reports
        :param disabled: whether that is disabled
        :returns: whether it has one of the states and one of the statuses
        """
        state = 'up' if is_up else 'down'
        status = 'disabled' if disabled else 'enabled'
        return ((not self.state or state in self.state)
                and (not self.status or status in self.status))


def parse(query: Iterable[tuple[str, str]]) -> HypervisorFilter | None:
    """Read the parameters.

    Each may be given several times, with several values between commas.

    :param query: the names and values of the query
    :returns: what the caller asks for, None for nothing
    :raises InvalidSearch: when a value is none that a hypervisor can have
    """
    parameters = tuple((key, value) for key, value in query if key in VALUES)
    if not parameters:
        return None
    asked: dict[str, set[str]] = {key: set() for key in VALUES}
    for key, value in parameters:
        asked[key] |= filter_values.parse(key, value, VALUES[key])
    return HypervisorFilter(frozenset(asked['state']),
                            frozenset(asked['status']), parameters)
