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
import testtools

from nova_lockstatus.core import value_formats


class FormatsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.asked = []
        self.checker = jsonschema.FormatChecker()
        self.checker.checks('uri')(self.is_uri)
        self.formats = value_formats.Formats(self.checker)

    def is_uri(self, value):
        self.asked.append(value)
        return isinstance(value, str) and value.startswith('http')

    def test_plain_values(self):
        check = self.formats.of('uri')
        del self.asked[:]
        for value in ('http://localhost:8774/v2.1', 'https://a.b-c/x~y_z/'):
            self.assertTrue(check(value))
        self.assertEqual([], self.asked)

    def test_addresses(self):
        check = self.formats.of('uri')
        del self.asked[:]
        for value in ('http://10.0.0.5/v2.1', 'https://255.249.199.99:8774'):
            self.assertTrue(check(value))
        self.assertEqual([], self.asked)
        values = ['http://256.0.0.1/', 'http://1.2.3.999', 'http://01.1.1.1:1']
        for value in values:
            check(value)
        self.assertEqual(values, self.asked)

    def test_other_values_are_asked_once(self):
        check = self.formats.of('uri')
        del self.asked[:]
        for _ in range(2):
            self.assertTrue(check('http://A/?b'))
            self.assertFalse(check('ftp://a/b'))
        self.assertEqual(['http://A/?b', 'ftp://a/b'], self.asked)

    def test_long_values_are_not_kept(self):
        check = self.formats.of('uri')
        del self.asked[:]
        for _ in range(2):
            self.assertTrue(check('http://a/?' + 300 * 'b'))
        self.assertEqual(2, len(self.asked))

    def test_checker_that_refuses_the_plain_ones(self):
        """Another release of Nova may be stricter."""
        self.checker.checks('uuid')(lambda value: False)
        self.assertFalse(self.formats.of('uuid')(
            '6f70656e-7374-6163-6b20-6e6f76610000'))

    def test_in_a_validator_of_jsonschema(self):
        validator = jsonschema.Draft202012Validator(
            {'format': 'uri'}, format_checker=self.formats)
        self.assertTrue(validator.is_valid('http://localhost/'))
        for bad in ('ftp://a', None):
            self.assertFalse(validator.is_valid(bad))
