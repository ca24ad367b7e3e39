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

"""Filters a list of hypervisors by state and status: pure functions."""

from collections.abc import Iterable
from typing import NamedTuple

from nova_lockstatus.core import filter_values

VALUES = {'state': ('up', 'down'), 'status': ('enabled', 'disabled')}
"""The query parameters, and the values that each takes."""


class HypervisorFilter(NamedTuple):
    """The filter of one request.

    :param state: the states to list; an empty set lists all
    :param status: the statuses to list; an empty set lists all
    :param parameters: the query parameters as the caller gave them
    """

    state: frozenset[str]
    status: frozenset[str]
    parameters: tuple[tuple[str, str], ...]

    def matches(self, is_up: bool, disabled: bool) -> bool:
        """Tell whether a hypervisor is to be listed."""
        state = 'up' if is_up else 'down'
        status = 'disabled' if disabled else 'enabled'
        return ((not self.state or state in self.state)
                and (not self.status or status in self.status))


def parse(query: Iterable[tuple[str, str]]) -> HypervisorFilter | None:
    """Parse the query parameters.

    Each may be given several times, with several values between commas.

    :returns: the filter, None where the query has none of the parameters
    :raises InvalidSearch: when a hypervisor cannot have one of the values
    """
    parameters = tuple((key, value) for key, value in query if key in VALUES)
    if not parameters:
        return None
    values: dict[str, set[str]] = {key: set() for key in VALUES}
    for key, value in parameters:
        values[key] |= filter_values.parse(key, value, VALUES[key])
    return HypervisorFilter(frozenset(values['state']),
                            frozenset(values['status']), parameters)
