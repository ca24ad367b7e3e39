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

"""Edits the text of an INI file, and leaves the rest of it as it is.

configparser can read such a file, but writes it without its comments. What is
found here are offsets in the text, by the rules of configparser, so that an
edit leaves all other characters as they are.
"""

from __future__ import annotations

import configparser
import dataclasses
import re
from collections.abc import Iterator

_LINE = re.compile(r'[^\r\n]*(?:\r\n|\r|\n|\Z)')
_LINE_END = re.compile(r'\r\n|\r|\n')
_LAST_LINE_END = re.compile(r'(?:\r\n|\r|\n)\Z')
_WORD = re.compile(r'\S+')


@dataclasses.dataclass(frozen=True)
class Word:
    """One word of a value, and where it stands."""

    text: str
    start: int
    end: int


@dataclasses.dataclass
class Option:
    """The words of a value, and the end of the last line that has one."""

    words: list[Word]
    end: int


@dataclasses.dataclass
class Section:
    """Where the line of the header begins, and the options by name."""

    start: int
    options: dict[str, Option] = dataclasses.field(default_factory=dict)


def scan(text: str) -> dict[str, Section]:
    """Find the sections, options and words in a text.

    :param text: a text that configparser reads without an error
    :returns: the sections by name
    """
    # NOTE: the rules, and the two expressions, are configparser's own: a line
    # that is indented deeper than the option belongs to its value, whatever
    # it looks like; comments and empty lines end nothing.
    sections: dict[str, Section] = {}
    section = Section(0)
    option: Option | None = None
    level = 0
    for start, line in lines(text):
        value = line.strip()
        if not value or value.startswith(('#', ';')):
            continue
        indent = len(line) - len(line.lstrip())
        end = start + len(line)
        if option is not None and indent > level:
            option.words.extend(_words(text, start, end))
            option.end = end
            continue
        level = indent
        header = configparser.ConfigParser.SECTCRE.match(value)
        if header:
            section = sections.setdefault(header['header'], Section(start))
            option = None
            continue
        name = configparser.ConfigParser.OPTCRE.match(value)
        if name:
            begin = start + indent + name.start('value')
            option = Option(list(_words(text, begin, end)), end)
            section.options[name['option'].rstrip()] = option
    return sections


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Cut a text into lines as a file in text mode does.

    :param text: a text whose line ends are as in the file
    :returns: the offset of each line, and the line with its end
    """
    for match in _LINE.finditer(text):
        if match.group():
            yield match.start(), match.group()


def insert_before(text: str, word: Word, new: str) -> str:
    """Put a word before another one.

    A word that begins a line of a long value gets the new one on a line of its
    own above it.
    """
    begin = _line_start(text, word.start)
    indent = text[begin:word.start]
    gap = ' '
    line_end = _LAST_LINE_END.search(text[:begin])
    if line_end and not indent.strip():
        gap = line_end.group() + indent
    return text[:word.start] + new + gap + text[word.start:]


def remove_word(text: str, word: Word) -> str:
    """Take a word out of a value, as if it had never been there.

    This is the inverse of :func:`insert_before`.
    """
    begin = _line_start(text, word.start)
    line_end = _LINE_END.search(text, word.end)
    end = line_end.start() if line_end else len(text)
    before, after = text[begin:word.start], text[word.end:end]
    if after.strip():
        rest = len(after) - len(after.lstrip())
        return text[:word.start] + text[word.end + rest:]
    if before.strip():
        return text[:begin + len(before.rstrip())] + text[word.end:]
    return text[:begin] + text[line_end.end() if line_end else end:]


def append_lines(text: str, new: tuple[str, ...]) -> str:
    """Add lines at the end, behind an empty one.

    The line ends are those of the text. Where the last line has none, the last
    new one gets none either: :func:`cut_lines` can so undo it exactly.

    :param text: a text of two lines or more
    :param new: the lines, without line ends
    """
    line_end: str = _LINE_END.findall(text)[-1]
    if _LAST_LINE_END.search(text):
        return text + line_end + ''.join(line + line_end for line in new)
    return text + line_end * 2 + line_end.join(new)


def cut_lines(text: str, start: int, end: int) -> str:
    """Take lines out, and the empty line before them.

    :param start: where the first of the lines begins
    :param end: where the last one ends
    """
    head = text[:start]
    above = _drop_line_end(head)
    if not above or _LAST_LINE_END.search(above):
        head = above
    if end == len(text) and not _LAST_LINE_END.search(text):
        head = _drop_line_end(head)
    return head + text[end:]


def _drop_line_end(text: str) -> str:
    return _LAST_LINE_END.sub('', text)


def _line_start(text: str, offset: int) -> int:
    return max(text.rfind('\n', 0, offset), text.rfind('\r', 0, offset)) + 1


def _words(text: str, start: int, end: int) -> Iterator[Word]:
    for match in _WORD.finditer(text, start, end):
        yield Word(match.group(), match.start(), match.end())
