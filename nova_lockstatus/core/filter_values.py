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
from nova_lockstatus.utils import terminal

MAX_EXPRESSION = 32
"""Characters of a regular expression. With repeated groups or many more
characters, one could have more ways through a word than can be tried."""

LONGEST_SHOWN = 100
"""How many characters of a value a refusal repeats."""

_REPEATED_GROUP = re.compile(r'\)[*+?{]')


def parse(key: str, text: str, known: Sequence[str]) -> frozenset[str]:
    """Parse the values that a caller filters by.

    :param text: its value: the values, separated by commas
    :raises InvalidSearch: when a value is not among the known ones
    """
    values = frozenset(text.split(','))
    for value in sorted(values):
        if value not in known:
            raise exception.InvalidSearch(
                key=key, value=_shown(value), values=list(known))
    return values


def matching(key: str, expression: str, known: Sequence[str]
             ) -> frozenset[str]:
    """Choose the values that a regular expression matches somewhere.

    :param key: the name of the parameter
    :param expression: its value; the case of letters does not count, as in
        MariaDB
    :param known: the values that there are, words of a few letters
    :raises InvalidExpression: when it is no regular expression, or one that
        could take long
    :raises UnmatchedExpression: when it matches none of the known values
    """
    try:
        if (len(expression) > MAX_EXPRESSION
                or _REPEATED_GROUP.search(expression)):
            raise re.error('it could take long')
        search = re.compile(expression, re.IGNORECASE).search
    except (re.error, OverflowError, RecursionError) as error:
        raise exception.InvalidExpression(
            key=key, value=_shown(expression)) from error
    values = frozenset(filter(search, known))
    if not values:
        raise exception.UnmatchedExpression(
            key=key, value=_shown(expression), values=list(known))
    return values


def _shown(value: str) -> str:
    """Escape and shorten a caller's value for the text of a refusal."""
    return terminal.shorten(value, LONGEST_SHOWN)
