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

"""A compiled form of the schemas that Nova validates its responses with.

jsonschema-rs compiles a schema, but its verdict differs from that of Nova's
validator here and there: in regular expressions, formats, and the bounds of
numbers. So a schema is translated first. What the compiled form accepts, Nova
accepts; a schema for which that cannot be said is not translated.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nova_lockstatus.core import value_formats

Accepts = Callable[[Any], bool]

# Keywords that mean the same to both.
_SAME = frozenset((
    'maxItems', 'maxLength', 'maxProperties', 'minItems', 'minLength',
    'minProperties', 'required'))
_WITHOUT_MEANING = frozenset((
    'additionalItems', 'default', 'description', 'title', 'type'))
_SUBSCHEMAS = frozenset((
    'additionalProperties', 'allOf', 'anyOf', 'items', 'oneOf', 'prefixItems',
    'properties'))

_TYPES = ('array', 'boolean', 'integer', 'null', 'number', 'object', 'string')


class _NotTranslated(Exception):
    """A schema has something that may mean something else."""


class _Translation:
    """The translation of one schema.

    Regular expressions and formats become checks of Python's, under names
    that the compiler has no formats of its own for.

    :param formats: the formats of Nova's format checker
    """

    def __init__(self, formats: value_formats.Formats) -> None:
        self._formats = formats
        self.checks: dict[str, Accepts] = {}
        self._depth_of_choices = 0

    def translate(self, schema: Any) -> Any:
        """Translate a schema or a part of one.

        :raises _NotTranslated: when a keyword may mean something else
        """
        if isinstance(schema, bool):
            return schema
        types = self._types(schema)
        translated: dict[str, Any] = {}
        if 'type' in schema:
            translated['type'] = types
        checked = []
        for keyword, value in schema.items():
            if keyword in ('format', 'pattern'):
                checked.append({'format': self._check(keyword, value)})
            elif keyword == 'patternProperties':
                translated['propertyNames'] = self._names(schema)
                translated['additionalProperties'] = self.translate(
                    *value.values())
            elif keyword in _SUBSCHEMAS:
                # That of patternProperties stands there already.
                translated.setdefault(keyword, self._parts(keyword, value))
            elif self._means_the_same(keyword, value, types):
                translated[keyword] = value
        if checked:
            translated['allOf'] = [*translated.get('allOf', ()), *checked]
        return translated

    def _types(self, schema: Mapping[str, Any]) -> list[str]:
        """Return the types of values that a part of a schema may accept."""
        declared = schema.get('type', _TYPES)
        types = [declared] if isinstance(declared, str) else list(declared)
        name = schema.get('format')
        refused = [of_type for of_type in types if name and of_type != 'string'
                   and not self._formats.accepts_any(name, of_type)]
        if refused == ['null'] and 'type' in schema:
            types.remove('null')
        elif refused:
            raise _NotTranslated
        return types

    def _check(self, keyword: str, value: str) -> str:
        name = 'nova %s %s' % (keyword, value)
        self.checks[name] = (
            self._formats.of(value) if keyword == 'format'
            else _finder(value))
        return name

    def _names(self, schema: Mapping[str, Any]) -> dict[str, str]:
        patterns = list(schema['patternProperties'])
        if (len(patterns) != 1 or schema.get('properties')
                or schema.get('additionalProperties') is not False):
            raise _NotTranslated
        return {'format': self._check('pattern', patterns[0])}

    @property
    def _bounded(self) -> set[str]:
        """Return the types whose values have the same bounds to both."""
        # Nova takes a text for the number that it may be, and rounds numbers,
        # towards zero: so it accepts more of them. That is no error, but in a
        # choice, which then takes another part.
        exact = {'integer', 'null'}
        return exact if self._depth_of_choices else {*exact, 'number'}

    def _parts(self, keyword: str, value: Any) -> Any:
        if keyword == 'properties':
            return {name: self.translate(part) for name, part in value.items()}
        if keyword in ('additionalProperties', 'items'):
            return self.translate(value)
        is_choice = keyword == 'oneOf'
        self._depth_of_choices += is_choice
        parts = [self.translate(part) for part in value]
        self._depth_of_choices -= is_choice
        return parts

    def _means_the_same(self, keyword: str, value: Any,
                        types: Sequence[str]) -> bool:
        """Tell whether a keyword is to be translated as it is.

        :returns: False for one without meaning
        :raises _NotTranslated: when it may mean something else
        """
        same = (keyword in _SAME
                or (keyword == 'enum' and all(map(_is_scalar, value)))
                or (keyword == 'const' and _is_scalar(value))
                or (keyword in ('maximum', 'minimum') and type(value) is int
                    and set(types) <= self._bounded))
        if not same and keyword not in _WITHOUT_MEANING:
            raise _NotTranslated
        return same


def _finder(pattern: str) -> Accepts:
    search = re.compile(pattern).search
    return lambda value: search(value) is not None


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, str))


def compiler() -> Any:
    """Return the module that compiles schemas, None if it is not installed."""
    try:
        import jsonschema_rs
    except ImportError:
        return None
    return jsonschema_rs


def compile_schema(schema: Mapping[str, Any],
                   formats: value_formats.Formats) -> Accepts | None:
    """Compile a schema of a response.

    :param schema: the schema, of draft 2020-12
    :param formats: the formats of Nova's validators
    :returns: a function that accepts a body only if Nova's validator does,
        if there is no NaN and no infinity in it; None where there is no
        compiler, or where the schema may mean something else to it
    """
    jsonschema_rs = compiler()
    if jsonschema_rs is None:
        return None
    translation = _Translation(formats)
    try:
        translated = translation.translate(schema)
        validator = jsonschema_rs.Draft202012Validator(
            translated, formats=translation.checks, validate_formats=True)
    except (_NotTranslated, ValueError, re.error):
        return None
    return accepting(validator.is_valid)


def accepting(is_valid: Callable[[Any], bool]) -> Accepts:
    """Return a function that accepts a body, or leaves it to Nova's validator.

    :param is_valid: of another validator
    """
    def accepts(body: Any) -> bool:
        try:
            return is_valid(body)
        except Exception:
            # Such as a lone surrogate. Nova's validator says what is wrong.
            return False

    return accepts
