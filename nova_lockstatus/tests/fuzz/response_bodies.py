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

"""Bodies of responses that are nearly valid, for the compiled schemas.

A compiled schema may only accept what Nova's validator accepts. Random bodies
of each of Nova's response schemas are changed at random places, and both are
asked.
"""

import argparse
import copy
import importlib
import inspect
import pkgutil
import random
import sys
import types

from nova import exception
from nova.api.openstack import compute
from nova.api.validation import validators

from nova_lockstatus.core import response_validation
from nova_lockstatus.core import value_formats

EXAMPLES = {
    'base64': ('aGVsbG8=', '', 'no base64!'),
    'cidr': ('10.0.0.0/8', 'fd00::/8'),
    'date-time': ('2026-02-28T23:59:59Z', '2026-12-31T00:00:00.000000',
                  '2024-02-29', '20260101T000000Z'),
    'ipv4': ('192.0.2.1',), 'ipv6': ('2001:db8::1',), 'ipv4-or-6': (),
    'mac-address': ('fa:16:3e:00:00:01',), 'name': ('web', 'w'),
    'uri': ('http://localhost:8774/v2.1/servers/' + 32 * '1',
            'https://Nova.example.org/', 'http://[2001:db8::1]:80/a?b=c#d'),
    'uuid': ('6f70656e-7374-6163-6b20-6e6f76610000',
             '6F70656E737461636B206E6F76610000'),
}

PATTERNED = ('', 'a', 'vda', '/dev/vda', '/dev/xvdb1', '1', 'a-b_c', 'a:b. c',
             '/2001:db8::1', 'self')

STRANGE = (
    None, True, False, 0, 1, -1, 1.0, 4.0, 0.5, -0.5, 2 ** 31, 2 ** 63,
    2 ** 64, -2 ** 63 - 1, 10 ** 400, 1e300, '',
    ' ', '0', '1', '-1', 'x', 'x\n', '\n', '\r', '\x00', '\x85', '\u0661',
    '\u00e9', '\U0001f512', '\ud800', 'e\u0301', 255 * 'x', 256 * 'x',
    256 * '\U0001f512', 300 * '\u00e9', [], {}, [1], [1, True, 1.0],
    {'': None}, {'a': {'b': []}}, '2026-02-30T00:00:00Z',
    '2026-02-28T24:00:00Z', '\u0662026-02-28T00:00:00Z', '192.0.2.256',
    '192.0.2.01', 'http://', 'http://a b', 'http://a:99999/', 'http://%zz/',
    'http://a..b/', 'http://a/\n', '6f70656e-7374-6163-6b20-6e6f7661000',
    '6f70656e-7374-6163-6b20-6e6f76610000\n', '6f70656e-7374')


def schemas():
    """Return all schemas that the installed Nova validates responses with.

    :returns: pairs of a controller's method and a schema
    """
    found = {}
    for name in pkgutil.iter_modules(compute.__path__):
        module = importlib.import_module(
            '%s.%s' % (compute.__name__, name.name))
        for owner in vars(module).values():
            if isinstance(owner, type) and owner.__module__ == module.__name__:
                for method, function in vars(owner).items():
                    for schema in _of_function(function):
                        found.setdefault(id(schema), (
                            '%s.%s' % (owner.__name__, method), schema))
    return list(found.values())


def _of_function(function):
    while isinstance(function, types.FunctionType):
        found = inspect.getclosurevars(function).nonlocals
        if 'response_body_schema' in found:
            yield found['response_body_schema']
        function = getattr(function, '__wrapped__', None)


class Maker:
    """Makes bodies of a schema, valid ones for the most part.

    :param rng: what chooses
    """

    def __init__(self, rng):
        self._rng = rng

    def make(self, schema):
        """Return a body."""
        rng = self._rng
        for keyword in ('enum', 'oneOf', 'anyOf'):
            if keyword in schema:
                part = rng.choice(schema[keyword])
                if keyword == 'enum':
                    return part
                return self.make({**{
                    name: value for name, value in schema.items()
                    if name != keyword}, **part})
        if 'const' in schema:
            return schema['const']
        if not schema:
            return rng.choice(STRANGE)
        of_type = schema.get('type', 'string')
        if not isinstance(of_type, str):
            of_type = rng.choice(of_type)
        return getattr(self, of_type)(schema)

    def null(self, schema):
        return None

    def boolean(self, schema):
        return self._rng.random() < 0.5

    def integer(self, schema):
        return max(self._rng.choice((0, 1, 4, 80, 8080)),
                   schema.get('minimum', -1))

    def number(self, schema):
        return self._rng.choice((self.integer(schema), 1.5))

    def string(self, schema):
        if 'pattern' in schema:
            return self._rng.choice(PATTERNED)
        examples = EXAMPLES.get(schema.get('format'), ())
        text = self._rng.choice(examples or ('web', 'x', 'nova', '1'))
        return text if len(text) >= schema.get('minLength', 0) else 'web'

    def array(self, schema):
        first = [self.make(part) for part in schema.get('prefixItems', ())]
        more = max(schema.get('minItems', 0) - len(first),
                   self._rng.randrange(3))
        if isinstance(schema.get('items'), dict):
            first += [self.make(schema['items']) for _ in range(more)]
        return first[:schema.get('maxItems', len(first))]

    def object(self, schema):
        required = set(schema.get('required', ()))
        body = {name: self.make(part)
                for name, part in schema.get('properties', {}).items()
                if name in required or self._rng.random() < 0.7}
        for part in schema.get('patternProperties', {}).values():
            for name in self._rng.sample(PATTERNED, 2):
                body[name or '4'] = self.make(part)
        return body

    def mutate(self, body):
        """Return a copy of a body that has something else at one place."""
        rng = self._rng
        root = [copy.deepcopy(body)]
        place, key = rng.choice(list(_places(root)))
        change = rng.random()
        if change < 0.15 and isinstance(place, dict):
            del place[key]
        elif change < 0.3 and isinstance(place[key], dict):
            place[key][rng.choice((*PATTERNED, 'x\n', '\ud800', 'id'))] = (
                rng.choice(STRANGE))
        elif change < 0.45 and isinstance(place[key], list):
            place[key].append(rng.choice((*place[key], *STRANGE)))
        elif change < 0.6 and isinstance(place[key], str):
            where = rng.randrange(len(place[key]) + 1)
            place[key] = (place[key][:where]
                          + rng.choice(('', '\n', ' ', '0', 'A', '\u00e9',
                                        '/', ':', '\u0660', '\ud800'))
                          + place[key][where + rng.randrange(2):])
        else:
            place[key] = copy.deepcopy(rng.choice(STRANGE))
        return root[0]


def _places(container):
    pairs = (enumerate(container) if isinstance(container, list)
             else container.items())
    for key, value in pairs:
        yield container, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


def nova_accepts(schema, body):
    """Tell whether Nova's validator accepts a body."""
    try:
        validators._SchemaValidator(schema).validate(body)
    except exception.ValidationError:
        return False
    except (OverflowError, ValueError):
        # It fails, which is no acceptance either.
        return False
    return True


class Comparison:
    """Asks Nova's validators and the compiled schemas of random bodies.

    :param seed: of the random numbers
    """

    def __init__(self, seed):
        self._rng = random.Random(seed)
        self._maker = Maker(self._rng)
        formats = value_formats.Formats(
            validators._FORMAT_CHECKER)
        self._compiled = [
            (name, schema, accepts) for name, schema in schemas()
            if (accepts := response_validation.compile_schema(
                schema, formats)) is not None]
        self.inputs = 0
        self.accepted = 0
        self.left_to_nova = 0
        self.findings = []

    def feed(self, inputs):
        """Compare so many bodies, the same number of each schema or so."""
        while self.inputs < inputs:
            for name, schema, accepts in self._compiled:
                body = self._maker.make(schema)
                for _ in range(self._rng.randrange(3)):
                    body = self._maker.mutate(body)
                self._compare(name, schema, accepts, body)
                if self.inputs == inputs:
                    return

    def _compare(self, name, schema, accepts, body):
        self.inputs += 1
        fast = accepts(body)
        if not fast and self._rng.random() < 0.5:
            # Half of these are enough for the count below.
            return
        nova = nova_accepts(schema, body)
        self.accepted += fast
        self.left_to_nova += nova and not fast
        if fast and not nova:
            self.findings.append((name, body))


def main(arguments=None):
    """Compare, and print what came of it.

    :param arguments: the command line's
    :returns: the exit code: 1 where something was found
    """
    parser = argparse.ArgumentParser(prog='tox -e fuzz --',
                                     description=__doc__)
    parser.add_argument('--inputs', type=int, default=20000, metavar='N',
                        help='how many bodies (%(default)s)')
    parser.add_argument('--seed', type=int, metavar='S',
                        default=random.SystemRandom().randrange(1 << 32),
                        help='of an earlier run, to repeat it')
    options = parser.parse_args(arguments)
    print('Seed %d' % options.seed, flush=True)
    comparison = Comparison(options.seed)
    comparison.feed(options.inputs)
    print('%d response bodies, %d accepted by the compiled schema, about %d '
          'by Nova alone\nFindings: %d' % (
              comparison.inputs, comparison.accepted,
              2 * comparison.left_to_nova, len(comparison.findings)))
    for name, body in comparison.findings:
        print('%s: %r' % (name, body))
    return 1 if comparison.findings else 0


if __name__ == '__main__':
    sys.exit(main())
