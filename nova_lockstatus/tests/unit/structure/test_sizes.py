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

"""Modules, functions and parameter lists stay small."""

import ast

import testtools

from nova_lockstatus.tests.unit.structure import source

MODULE_LINES = 259
FUNCTION_LINES = 40
PARAMETERS = 5
TEST_LINES = 499

# What is larger, each with the reason. The lists are to become shorter.
LARGE_MODULES: dict[str, str] = {}

LONG_FUNCTIONS: dict[str, str] = {}

_NOVAS = "has the parameters of Nova's function that it wraps"

MANY_PARAMETERS = {
    'api.hooks.hypervisor_filter._get_next_link': _NOVAS,
    'api.hooks.hypervisor_list._compute_node_get_all': _NOVAS,
    'api.hooks.server_lock._lock': _NOVAS,
    'api.hooks.server_locks._lock': _NOVAS,
    'api.hooks.server_locks_gate._can': _NOVAS,
    'api.hooks.server_locks_others._associate': _NOVAS,
    'api.hooks.server_paging._paginate_query': _NOVAS,
    'api.hooks.server_search._get_build_requests': _NOVAS,
    'api.hooks.server_search._remove_invalid_sort_keys': _NOVAS,
    'api.hooks.state_lock_others._associate': _NOVAS,
    'api.hooks.state_lock._can': _NOVAS,
    'api.request.RequestState.__init__': 'a request, most of it by keyword',
    'embedded.client.Client.request': 'an HTTP request',
    'embedded.nova.EmbeddedNova.__init__': 'the options of a test cloud',
}

LARGE_TESTS: set[str] = set()


def length(function):
    """Return the lines of a function without those of its docstring."""
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def parameters(function):
    """Return how many values a caller passes by position or by name."""
    arguments = function.args
    names = [argument.arg for argument in (
        *arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len(names) - (names[:1] in (['self'], ['cls']))


def larger(measure, limit):
    """Return the functions of which something is over a limit.

    :param measure: returns the number of a function
    :param limit: the largest that is allowed
    """
    return {'%s.%s' % (module.short, name): measure(function)
            for module in (*source.production(), *source.tempest_plugin())
            for name, function in source.functions(module)
            if measure(function) > limit}


class SizesTestCase(testtools.TestCase):

    def _compare(self, exceptions, found):
        """Compare what is over a limit with what may be.

        :param exceptions: the names of those that may be
        :param found: the numbers of those that are, by name
        """
        self.assertEqual(
            {}, {name: number for name, number in found.items()
                 if name not in exceptions}, 'Too large.')
        self.assertEqual(set(), set(exceptions) - set(found),
                         'Small enough: take them out of the list.')

    def test_modules(self):
        self._compare(LARGE_MODULES, {
            module.short: module.length
            for module in (*source.production(), *source.tempest_plugin())
            if module.length > MODULE_LINES})

    def test_functions(self):
        self._compare(LONG_FUNCTIONS, larger(length, FUNCTION_LINES))

    def test_parameters(self):
        self._compare(MANY_PARAMETERS, larger(parameters, PARAMETERS))

    def test_modules_of_tests(self):
        self._compare(LARGE_TESTS, {
            module.short: module.length for module in source.tests()
            if module.length > TEST_LINES})
