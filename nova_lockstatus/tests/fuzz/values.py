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

"""Malformed values: JSON, encodings, and words of paths."""

import copy
import json
import urllib.parse

from hypothesis import strategies as st

KNOWN_IDS = ('{UNLOCKED}', '{LOCKED}', '{LOCKED}', '{BILLING}', '{DELETED}')


def one_in(draw, number: int) -> bool:
    """Be true now and then.

    Hypothesis prefers the smallest and the largest integer.

    :param draw: draws from a strategy
    :param number: it is true once in that many times; three or more
    """
    return draw(st.integers(0, number - 1)) == number // 2


EDGE_LENGTHS = (254, 255, 256, 257, 65535, 65536, 114000, 114688, 1 << 20)

CHARACTERS = ('\x00', '\x07', '\x1b', '\x7f', '\x85', '\u202e', '\ufeff',
              '\ufffe', '\ud800', '\udfff', '\U0001f512', '\U0010ffff',
              '%', "'", '"', '\\', '{', ';', '\u0130', '\ufb03')


def _filled(character: str, length: int) -> str:
    return character * length


TEXTS = st.one_of(
    st.text(st.characters(), max_size=12),
    st.lists(st.sampled_from(CHARACTERS), min_size=1, max_size=4).map(''.join),
    st.sampled_from(('\ud800', 'x\udc80', '\udfff', '\x00')),
    st.builds(_filled, st.sampled_from(('x', '\u00e9', '\U0001f512', ' ')),
              st.sampled_from(EDGE_LENGTHS)),
    st.sampled_from(('', ' ', 'null', 'true', '0', '-1', '%s', '%(id)s',
                     '{0}', '\r\nX: y', '../..', "' OR 1=1 --")))


def _nested(kind: str, depth: int) -> object:
    value: object = None
    for _ in range(depth):
        value = [value] if kind == 'list' else {'locked_reason': value}
    return value


SCALARS = st.one_of(
    st.none(), st.booleans(), TEXTS,
    st.integers(), st.sampled_from((0, -1, 1 << 31, 1 << 63, 10 ** 400)),
    st.floats(), st.sampled_from(KNOWN_IDS))

JUNK = st.one_of(
    SCALARS,
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3)
                 | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6),
    st.builds(_nested, st.sampled_from(('list', 'dict')),
              st.integers(1, 300)))

KEYS = st.sampled_from((
    'locked_reason', 'locked', 'locked_by', 'lock', 'unlock', 'server',
    'host_status', 'metadata', 'id', '', '__class__')) | TEXTS


@st.composite
def mutated(draw, value):
    """Change a value in none, one or two places.

    :param value: JSON that Nova accepts
    """
    value = copy.deepcopy(value)
    for _ in range(draw(st.sampled_from((0, 1, 1, 2)))):
        value = _mutate(draw, value)
    return value


def _mutate(draw, value):
    inside = list(value) if isinstance(value, dict) else (
        range(len(value)) if isinstance(value, list) else ())
    if inside and draw(st.booleans()):
        key = draw(st.sampled_from(list(inside)))
        value[key] = _mutate(draw, value[key])
        return value
    kind = draw(st.sampled_from(('other', 'more', 'fewer', 'in a list')))
    if kind == 'more' and isinstance(value, dict):
        return {**value, draw(KEYS): draw(JUNK)}
    if kind == 'fewer' and inside:
        del value[draw(st.sampled_from(list(inside)))]
        return value
    if kind == 'in a list':
        return [value]
    return draw(JUNK)


ENCODINGS = ('ascii',) * 6 + ('utf-8',) * 6 + (
    'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-32', 'latin-1', 'utf-7')


def _encode(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding, 'surrogatepass')
    except UnicodeEncodeError:
        return text.encode(encoding, 'replace')


DAMAGES = ('none',) * 8 + ('cut', 'byte', 'twice', 'deep', 'behind')


@st.composite
def bodies(draw, value):
    """Write a value as JSON, for the most part.

    :param value: the value
    """
    encoding = draw(st.sampled_from(ENCODINGS))
    raw = _encode(json.dumps(value, ensure_ascii=encoding == 'ascii'),
                  encoding)
    damage = draw(st.sampled_from(DAMAGES))
    if damage == 'cut':
        return raw[:draw(st.integers(0, len(raw)))]
    if damage == 'byte':
        at = draw(st.integers(0, len(raw)))
        bad = draw(st.sampled_from((b'\xff', b'\x00', b'\xc0\xaf', b'\n',
                                    b'\xed\xa0\x80', b'\xf4\x90\x80\x80')))
        return raw[:at] + bad + raw[at:]
    if damage == 'twice':
        # A key that stands in an object twice: the last one counts.
        return raw.replace(b'{', b'{"locked_reason": 1, "lock": 2,', 1
                           ).replace(b',}', b'}')
    if damage == 'deep':
        # Python's JSON parser stops somewhere near the 900th level.
        depth = draw(st.integers(1, 1200) | st.integers(850, 920)
                     | st.just(50000))
        opening, closing = draw(st.sampled_from(
            ((b'[', b']'), (b'{"a":', b'}'))))
        return raw.replace(b'null', opening * depth + b'1' + closing * depth)
    if damage == 'behind':
        return raw + draw(st.sampled_from((b'}', b' ', b'\x00', b'{}', raw)))
    return raw


NO_JSON = st.binary(max_size=30) | st.sampled_from((
    b'', b' ', b'lock', b'{', b'NaN', b'"\xff"', b'<lock/>', b'lock=1',
    b'--x\r\nContent-Disposition: form-data; name="lock"\r\n\r\n1\r\n--x--'))

ESCAPES = ('%00', '%ff', '%ff', '%c0%af', '%ed%a0%80', '%f0%9f%94%92',
           '%0a', '%0d', '%2f', '%2e%2e', '%25', '%', '%zz', '%u0041', '+',
           '%20', '%3f', '\xff', '\xc3\xa9', '%7f', '%e2%80%ae')

_URL = st.text('abcLOCKED019-_.~', max_size=8)

URL_WORDS = st.one_of(
    st.lists(_URL | st.sampled_from(ESCAPES), max_size=4).map(''.join),
    st.sampled_from(ESCAPES),
    st.sampled_from(('0', '-1', '1', '9' * 30, '9' * 5000, 'x' * 3000,
                     'None', 'true', 'false', 'detail', 'default', '1.5')))

_EXPRESSION = st.sampled_from((
    '[[:foo:]]', '[[:alpha:]]', 'a{1,65536}', '(?u:x)', '(?i)ADMIN',
    '[[.x.]]', '[[=a=]]', '\\u0041', '\\', '(', ')', '[', '*', '+', '?',
    '{', '|', '^', '$', '.', '\\Q', '\\p{L}', '\\1', '(?<=a)', '(?P<n>a)',
    '(' * 300 + 'a' + ')' * 300, '\U0001f512', '\u0130', '%', '_', "'",
    'own', 'admin', '\0'))

EXPRESSIONS = st.lists(_EXPRESSION, min_size=1, max_size=3).map(
    lambda parts: urllib.parse.quote(''.join(parts)))
"""Regular expressions, of which each database knows others."""

IDS = st.one_of(
    st.sampled_from(KNOWN_IDS), st.sampled_from(KNOWN_IDS),
    st.sampled_from(KNOWN_IDS),
    st.sampled_from(('c1a5a5c2-5d6e-4f7e-8c51-4f2a3d5b6e70', '1')),
    st.builds('{}{}'.format, st.sampled_from(KNOWN_IDS),
              st.sampled_from((*ESCAPES, '.json', '/', '//', '.xml'))),
    URL_WORDS)
