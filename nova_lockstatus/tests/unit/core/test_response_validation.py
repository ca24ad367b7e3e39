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

import jsonschema
import jsonschema_rs
import testtools

from nova_lockstatus.core import response_validation
from nova_lockstatus.core import value_formats

# A schema that is not translated accepts these, in jsonschema-rs.
TRAPS = (
    ({'type': 'string', 'pattern': '^\\S+$'}, '\x1c'),
    ({'type': 'string', 'pattern': '^[^\\d]$'}, '\u0661'),
    ({'type': 'string', 'pattern': '^\\W$'}, '\u00e9'),
    ({'type': 'string', 'format': 'even'}, 'odd'),
    ({'type': ['string', 'null'], 'format': 'never-null'}, None),
    ({'oneOf': [{'type': 'string', 'pattern': '^a$'},
                {'type': 'string', 'minLength': 2}]}, 'a\n'),
)

ACCEPTED = (
    ({'type': 'object', 'properties': {'a': {'type': 'integer'}},
      'additionalProperties': False, 'required': ['a']},
     {'a': 1}, ({}, {'a': True}, {'a': '1'}, {'a': 1, 'b': 2}, [])),
    ({'type': 'object', 'patternProperties': {'^.+$': {'type': 'string'}},
      'additionalProperties': False},
     {'a': 'x', 'b\n': ''}, ({'': 'x'}, {'a': 1}, {'\n': 'x'})),
    ({'type': 'string', 'pattern': '^x+$'}, 'x\n', ('', 'X', 7)),
    ({'type': ['string', 'null'], 'format': 'even', 'maxLength': 4},
     'evenn'[:4], ('odd', 'even even', 7)),
    ({'type': 'integer', 'minimum': 1}, 1.0, (0, '1', True, 1.5)),
    ({'type': 'array', 'items': {'enum': [4, 6, None]}, 'minItems': 1},
     [4, 6.0, None], ([], [5], ['4'], [True])),
    ({'type': 'array', 'prefixItems': [{'const': 'x'}],
      'items': {'type': 'number'}}, ['x', 1.5], (['y'], ['x', 'x'])),
    ({'oneOf': [{'type': 'string'}, {'type': 'null'}]}, None, (1,)),
    ({'anyOf': [{'type': 'string'}, {'minimum': 1, 'type': 'number'}]},
     2, (0, [])),
    ({}, {'any': ['thing']}, ()),
    (True, None, ()),
    ({'type': 'string', 'maxLength': 2}, '\U0001f512e', ('e\u0301e',)),
)

NOT_COMPILED = (
    # Nova takes a text for a number here.
    {'minimum': 1},
    {'type': ['integer', 'string'], 'maximum': 1},
    # It rounds numbers, which counts in a choice.
    {'type': 'number', 'minimum': 0.5},
    {'oneOf': [{'type': 'number', 'minimum': 0}]},
    # Unlike jsonschema-rs, Nova does not ask only for strings.
    {'format': 'never-null'},
    {'type': ['integer', 'string'], 'format': 'strings-only'},
    {'type': 'array', 'uniqueItems': True},
    {'enum': [[1], {'a': True}]}, {'const': 1.5}, {'$ref': '#/a'},
    {'type': 'file'}, {'not': {}}, {'pattern': '('}, {'no keyword': 1},
    {'patternProperties': {'a': {}, 'b': {}}, 'additionalProperties': False},
    {'patternProperties': {'a': {}}},
    {'patternProperties': {'a': {}}, 'properties': {'b': {}},
     'additionalProperties': False},
    {'properties': {'a': {'items': {'uniqueItems': True}}}},
)


def checker():
    found = jsonschema.FormatChecker()

    @found.checks('even')
    def is_even(value):
        return not isinstance(value, str) or len(value) % 2 == 0

    @found.checks('never-null')
    def is_not_null(value):
        return value is not None

    @found.checks('strings-only')
    def fails(value):
        return len(value) > 0

    return found


class CompiledTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.formats = value_formats.Formats(checker())

    def compile(self, schema):
        return response_validation.compile_schema(schema, self.formats)

    def test_accepted(self):
        for schema, good, all_bad in ACCEPTED:
            accepts = self.compile(schema)
            self.assertTrue(accepts(good), schema)
            for bad in all_bad:
                self.assertFalse(accepts(bad), (schema, bad))

    def test_traps(self):
        for schema, body in TRAPS:
            self.assertFalse(jsonschema.Draft202012Validator(
                schema, format_checker=checker()).is_valid(body), schema)
            self.assertTrue(jsonschema_rs.Draft202012Validator(
                schema, validate_formats=True).is_valid(body), schema)
            self.assertFalse(self.compile(schema)(body), schema)

    def test_not_compiled(self):
        for schema in NOT_COMPILED:
            self.assertIsNone(self.compile(schema), schema)

    def test_lone_surrogate(self):
        """The compiled schema cannot read it, and Nova accepts it."""
        self.assertFalse(self.compile(
            {'type': 'string', 'maxLength': 5})('\ud800'))

    def test_error_of_a_format(self):
        self.assertFalse(response_validation.accepting(
            lambda body: int(body) > 0)('x'))
