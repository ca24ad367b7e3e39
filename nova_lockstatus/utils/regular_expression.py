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

"""Searches words for a regular expression that anybody may have sent.

Python's ``re`` tries one way through an expression after the other, and
``(((.?){9}){9}){9}x`` has more ways through a word of five letters than any
process can try. Here all ways are followed at once: each part of an expression
leads from some positions in the word to others. So the time grows with the
length of the expression alone.
"""

import functools
import re
from collections.abc import Callable

# NOTE: Python's own parser, private, and since 3.11 under this name. The unit
# tests hold what is made of its trees against re.search().
from re import _parser  # type: ignore[attr-defined]
from typing import Any

Moves = tuple[int, ...]
"""For each position in a word the positions to which a part of an expression
leads from there, as the bits of an integer."""

_CATEGORIES: dict[str, Callable[[str], bool]] = {
    'CATEGORY_DIGIT': str.isdigit,
    'CATEGORY_SPACE': str.isspace,
    'CATEGORY_WORD': str.isalnum,
}


class NotSupported(Exception):
    """An expression that asks what it has matched before, or never steps back.

    Those are backreferences, atomic groups and possessive repeats.
    """


def find(expression: str, word: str) -> bool:
    """Search a word as ``re.search()`` does, whatever the case of letters.

    :param expression: the regular expression
    :param word: a word of lower-case letters of ASCII
    :raises re.error: when it is no regular expression
    :raises OverflowError: when a number in it is too large
    :raises RecursionError: when it is nested too deeply
    :raises NotSupported: when it needs another way of searching
    """
    # It knows of more mistakes than the parser.
    re.compile(expression, re.IGNORECASE)
    tree = _parser.parse(expression, re.IGNORECASE)
    ignore_case = bool(tree.state.flags & re.IGNORECASE)
    return any(_Search(word).sequence(tree, ignore_case))


class _Search:
    """Follows the parts of an expression through one word.

    :param word: the word
    """

    def __init__(self, word: str) -> None:
        self._word = word
        self._positions = range(len(word) + 1)
        self._stay: Moves = tuple(1 << place for place in self._positions)
        self._nowhere: Moves = (0,) * len(self._positions)

    def sequence(self, items: Any, ignore_case: bool) -> Moves:
        moves = self._stay
        for operator, argument in items:
            handle = getattr(self, '_' + operator.name.lower(), None)
            if handle is None:
                raise NotSupported(operator.name)
            moves = self._then(moves, handle(argument, ignore_case))
        return moves

    def _then(self, first: Moves, second: Moves) -> Moves:
        return tuple(
            functools.reduce(int.__or__, (
                second[place] for place in self._positions
                if ends >> place & 1), 0) for ends in first)

    def _or(self, first: Moves, second: Moves) -> Moves:
        return tuple(map(int.__or__, first, second))

    def _where(self, holds: Any) -> Moves:
        """Stay at the positions for which something holds."""
        return tuple(here if holds(place) else 0
                     for place, here in enumerate(self._stay))

    def _step(self, fits: Any, ignore_case: bool) -> Moves:
        """Move on over each character that fits."""
        return (*(
            here << 1 if fits(character) or (
                ignore_case and fits(character.swapcase())) else 0
            for here, character in zip(self._stay, self._word, strict=False)),
            0)

    def _power(self, moves: Moves, times: int) -> Moves:
        result = self._stay
        while times:
            if times & 1:
                result = self._then(result, moves)
            moves = self._then(moves, moves)
            times >>= 1
        return result

    def _literal(self, code: int, ignore_case: bool) -> Moves:
        return self._step(lambda character: ord(character) == code,
                          ignore_case)

    def _not_literal(self, code: int, ignore_case: bool) -> Moves:
        return self._without(self._literal(code, ignore_case))

    def _any(self, _argument: None, ignore_case: bool) -> Moves:
        return self._without(self._nowhere)

    def _without(self, moves: Moves) -> Moves:
        """Move on over each character that some moves do not lead over."""
        return (*(here << 1 if not ends else 0 for here, ends in zip(
            self._stay[:-1], moves, strict=False)), 0)

    def _in(self, items: Any, ignore_case: bool) -> Moves:
        negated = bool(items) and items[0][0].name == 'NEGATE'
        moves = self._step(
            lambda character: any(
                _is_in(character, operator.name, argument)
                for operator, argument in items[negated:]), ignore_case)
        return self._without(moves) if negated else moves

    def _branch(self, argument: Any, ignore_case: bool) -> Moves:
        return functools.reduce(self._or, (
            self.sequence(items, ignore_case) for items in argument[1]))

    def _subpattern(self, argument: Any, ignore_case: bool) -> Moves:
        _group, added, removed, items = argument
        if added & re.IGNORECASE:
            ignore_case = True
        elif removed & re.IGNORECASE:
            ignore_case = False
        return self.sequence(items, ignore_case)

    def _max_repeat(self, argument: Any, ignore_case: bool) -> Moves:
        least, most, items = argument
        moves = self.sequence(items, ignore_case)
        # Each time that is of use moves on by a character at least.
        further = min(int(most) - int(least), len(self._word))
        return self._then(
            self._power(moves, int(least)),
            self._power(self._or(self._stay, moves), further))

    _min_repeat = _max_repeat

    def _assert(self, argument: Any, ignore_case: bool) -> Moves:
        direction, items = argument
        moves = self.sequence(items, ignore_case)
        if direction > 0:
            return self._where(lambda place: moves[place])
        return self._where(
            lambda place: any(ends >> place & 1 for ends in moves))

    def _assert_not(self, argument: Any, ignore_case: bool) -> Moves:
        held = self._assert(argument, ignore_case)
        return self._where(lambda place: not held[place])

    def _failure(self, _argument: Any, _ignore_case: bool) -> Moves:
        return self._nowhere

    def _at(self, where: Any, _ignore_case: bool) -> Moves:
        last = len(self._word)
        edge = (0, last) if last else ()
        name = where.name
        if name.startswith('AT_BEGINNING'):
            return self._where(lambda place: place == 0)
        if name.startswith('AT_END'):
            return self._where(lambda place: place == last)
        if name == 'AT_BOUNDARY':
            return self._where(lambda place: place in edge)
        return self._where(lambda place: place not in edge)


def _is_in(character: str, name: str, argument: Any) -> bool:
    if name == 'LITERAL':
        return ord(character) == int(argument)
    if name == 'RANGE':
        return int(argument[0]) <= ord(character) <= int(argument[1])
    # NOTE: CATEGORY_NOT_DIGIT is the opposite of CATEGORY_DIGIT.
    positive = argument.name.replace('_NOT_', '_')
    is_positive: bool = positive == argument.name
    return _CATEGORIES[positive](character) == is_positive
