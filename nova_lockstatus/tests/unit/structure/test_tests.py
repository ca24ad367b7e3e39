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

"""Tests run the project's own code, and share set-up outside test modules."""

import ast
import re

import testtools

from nova_lockstatus.tests.unit.structure import source

# A number, such as an interval or the size of a page, or a cache.
CONSTANT = re.compile('_?[A-Z][A-Z_]*')

# The modules of which a test replaces a function, to show a failure that
# cannot be caused from outside. The list is to become shorter.
REPLACED = {
    'api.after_response': 'a server with green threads that stand still',
    'api.hooks.service_update': 'a failure in the hook itself',
    'db.clock': 'a later time',
    'db.database': 'a database that is away for a while',
    'db.outbox': 'another call between two statements',
    'db.outbox_lease': 'a process that is killed between two servers',
    'events.direct_publisher': 'a shorter time to wait',
    'events.notifications.host_status': 'a message broker that is slow',
    'events.notifications.objects.host_status': 'a message broker that fails',
    'events.outbox_publisher': 'a process that is killed before it writes',
}

# What replaces an attribute: of an object, or by a dotted name.
PATCHES = ('MockPatch', 'MockPatchObject', 'MonkeyPatch', 'mock.patch',
           'patch.object')


def target(module, call):
    """Return the dotted name that a call replaces, None for another's.

    :param module: the module that it stands in
    :param call: the call, of a function in :data:`PATCHES`
    """
    first, *others = call.args
    texts = [node.value for node in ast.walk(first)
             if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    if texts:
        name = texts[0]
    else:
        bound = {imported.bound: imported.name for imported in module.imports}
        start, dot, rest = ast.unparse(first).partition('.')
        if not others or not isinstance(others[0], ast.Constant):
            return None
        name = '%s%s%s.%s' % (bound.get(start), dot, rest,
                              ast.literal_eval(others[0]))
    if source.is_within(name, source.OWN + '.tests'):
        return None
    return name if source.is_within(name, source.OWN) else None


def replaced():
    """Yield module, line and name of each replacement of a function."""
    for module in source.tests():
        for node in module.nodes:
            if (isinstance(node, ast.Call) and node.args
                    and ast.unparse(node.func).endswith(PATCHES)):
                name = target(module, node)
                if name and not CONSTANT.fullmatch(name.rpartition('.')[2]):
                    yield module, node.lineno, name.removeprefix(
                        source.OWN + '.')


class TestsTestCase(testtools.TestCase):

    def test_own_code_is_not_replaced(self):
        wrong = [
            '%s replaces %s' % (module.at(line), name)
            for module, line, name in replaced()
            if source.innermost(name, REPLACED) is None]
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_each_exception_is_needed(self):
        self.assertEqual(set(), set(REPLACED) - {
            source.innermost(name, REPLACED)
            for _module, _line, name in replaced()})
