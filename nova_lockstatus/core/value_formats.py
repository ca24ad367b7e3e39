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

"""The formats of values in Nova's responses, such as uri and date-time.

Nova has a function for each. Most of the time that Nova's validator takes, but
for its own, they take.
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[str], bool]

_EXAMPLES: Mapping[str, Any] = {
    'array': [], 'boolean': True, 'integer': 1, 'null': None, 'number': 1.5,
    'object': {}}

# rfc3986 refuses numbers above 255 in an address of IPv4, and nowhere else.
_BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
_IPV4 = _BYTE + '(?:\\.%s){3}' % _BYTE
_NAME = ('(?![0-9]+(?:\\.[0-9]+){3}(?:[:/]|\\Z))'
         '[a-z0-9]+(?:[.-][a-z0-9]+)*')

_UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

# What nearly all values of a format look like, and one value each. None of
# them has to be looked at by Nova's function, if that accepts the example.
_PLAIN = {
    'date-time': (
        '20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])'
        'T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:Z|\\.[0-9]{6})?',
        '2026-02-28T23:59:59Z'),
    'uri': (
        'https?://(?:' + _IPV4 + '|' + _NAME + ')(?::[0-9]{1,5})?'
        '(?:/[A-Za-z0-9._~-]+)*/?',
        'https://nova-api.example.org:8774/v2.1/servers/' + 32 * '0'),
    'uuid': (_UUID, '6f70656e-7374-6163-6b20-6e6f76610000'),
}

_CACHED_VALUES = 4096
_LONGEST_CACHED = 256


class Formats:
    """The format checker of Nova's validators, asked less often.

    :param checker: Nova's format checker, of jsonschema
    """

    def __init__(self, checker: Any) -> None:
        self._checker = checker
        self._checks: dict[str, Check] = {}

    def of(self, name: str) -> Check:
        """Return the function that tells whether a string has a format.

        :param name: the name of the format
        """
        if name not in self._checks:
            self._checks[name] = self._make(name)
        return self._checks[name]

    def check(self, instance: object, format: str) -> None:
        """Check a value, as a validator of jsonschema asks for it.

        :param instance: the value
        :param format: the name of the format
        """
        if not isinstance(instance, str) or not self.of(format)(instance):
            self._checker.check(instance, format)

    def _make(self, name: str) -> Check:
        pattern, example = _PLAIN.get(name, ('', ''))
        is_plain = re.compile(pattern).fullmatch
        conforms = functools.partial(self._conforms, name)
        cached = functools.lru_cache(_CACHED_VALUES)(conforms)
        has_plain = bool(pattern) and conforms(example)

        def check(value: str) -> bool:
            if has_plain and is_plain(value):
                return True
            if len(value) > _LONGEST_CACHED:
                return conforms(value)
            return cached(value)

        return check

    def _conforms(self, name: str, value: str) -> bool:
        return bool(self._checker.conforms(value, name))

    def accepts_any(self, name: str, of_type: str) -> bool:
        """Tell whether all values of a type that is not string have a format.

        :param name: the name of the format
        :param of_type: the name of the type
        """
        try:
            return bool(self._checker.conforms(_EXAMPLES[of_type], name))
        except Exception:
            return False
