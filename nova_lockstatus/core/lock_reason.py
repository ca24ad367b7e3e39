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

"""Encodes the reason of a lock, also where the database cannot hold it.

Nova's tables on MySQL and MariaDB are made in MySQL's utf8, which has no
characters above U+FFFF: stock Nova answers a lock with such a reason with 500.
Here the reason is then stored three times, each as long as itself: where Nova
has it, with a replacement for such characters, so that Nova can show it; and
under two keys of the plugin's own, with the high and with the low bits of such
characters.
"""

from collections.abc import Mapping

KEY = 'locked_reason'

HIGH_KEY = 'lockstatus_reason_high'
LOW_KEY = 'lockstatus_reason_low'

KEYS = (KEY, HIGH_KEY, LOW_KEY)
"""The keys of system metadata that a reason can be stored under."""

_REPLACEMENT = '\ufffd'
_HIGH, _LOW, _SAME = 0xe000, 0xe400, '.'


def rows(reason: str | None, wide: bool) -> dict[str, str]:
    """Encode a reason as rows of system metadata.

    :param wide: whether the database holds characters above U+FFFF
    :returns: the rows by key, none longer than the reason; the row under
        Nova's own key can be read without the others
    """
    if reason is None:
        return {}
    if wide or not is_wide(reason):
        return {KEY: reason}
    codes = [ord(character) - 0x10000 for character in reason]
    return {
        KEY: _narrow(reason),
        HIGH_KEY: ''.join(
            character if code < 0 else chr(_HIGH + (code >> 10))
            for character, code in zip(reason, codes, strict=True)),
        LOW_KEY: ''.join(
            _SAME if code < 0 else chr(_LOW + (code & 0x3ff))
            for code in codes)}


def read(system_metadata: Mapping[str, str]) -> str | None:
    """Decode a reason from rows of system metadata.

    :param system_metadata: the rows by key
    :returns: the reason as the caller gave it, or None
    """
    shown = system_metadata.get(KEY)
    if shown is None:
        return None
    exact = ''.join(
        high if low == _SAME else
        chr(0x10000 + ((ord(high) - _HIGH & 0x3ff) << 10
                       | ord(low) - _LOW & 0x3ff))
        for high, low in zip(system_metadata.get(HIGH_KEY, ''),
                             system_metadata.get(LOW_KEY, ''), strict=False))
    # Nova without the plugin leaves the two behind when it unlocks.
    return exact if _narrow(exact) == shown else shown


def replace(system_metadata: Mapping[str, str], stored: Mapping[str, str]
            ) -> dict[str, str]:
    """Put the reason that is stored into other system metadata.

    :param system_metadata: the rows by key
    :param stored: those of which the reason is taken
    """
    return {**{key: value for key, value in system_metadata.items()
               if key not in KEYS},
            **{key: stored[key] for key in KEYS if key in stored}}


def is_wide(text: str) -> bool:
    """Tell whether a text has characters above U+FFFF."""
    return any(character > '\uffff' for character in text)


def _narrow(text: str) -> str:
    return ''.join(_REPLACEMENT if is_wide(character) else character
                   for character in text)
