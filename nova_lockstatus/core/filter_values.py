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

"""Parses query parameters that filter a list by some of the known values."""

import re
from collections.abc import Sequence

from nova_lockstatus import exception
from nova_lockstatus.utils import regular_expression


def parse(key: str, text: str, known: Sequence[str]) -> frozenset[str]:
    """Parse the values that a caller filters by.

    :param key: the name of the parameter
    :param text: its value: the values, separated by commas
    :param known: the values that the parameter takes
    :raises InvalidSearch: when a value is not among the known ones
    """
    values = frozenset(text.split(','))
    for value in sorted(values):
        if value not in known:
            raise exception.InvalidSearch(
                key=key, value=value, values=list(known))
    return values


def matching(key: str, expression: str, known: Sequence[str]
             ) -> frozenset[str]:
    """Choose the values that a regular expression matches somewhere.

    :param key: the name of the parameter
    :param expression: its value; the case of letters does not count, as in
        MariaDB
    :param known: the values that there are
    :raises InvalidExpression: when it is no regular expression, or one that
        cannot be followed
    :raises UnmatchedExpression: when it matches none of the known values
    """
    try:
        values = frozenset(value for value in known
                           if regular_expression.find(expression, value))
    except (re.error, OverflowError, RecursionError,
            regular_expression.NotSupported) as error:
        raise exception.InvalidExpression(
            key=key, value=expression) from error
    if not values:
        raise exception.UnmatchedExpression(
            key=key, value=expression, values=list(known))
    return values
