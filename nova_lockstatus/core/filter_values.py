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

"""Parses a query parameter that filters a list by several values."""

from collections.abc import Sequence

from nova_lockstatus import exception


def parse(key: str, text: str, known: Sequence[str]) -> frozenset[str]:
    """Parse the values that a caller filters by.

    :param text: its value: the values, separated by commas
    :raises InvalidSearch: when a value is not among the known ones
    """
    values = frozenset(text.split(','))
    for value in sorted(values):
        if value not in known:
            raise exception.InvalidSearch(
                key=key, value=value, values=list(known))
    return values
