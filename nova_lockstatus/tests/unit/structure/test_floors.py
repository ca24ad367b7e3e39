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

"""The floors of the house: what each package may import."""

import testtools

from nova_lockstatus.tests.unit.structure import source

# From the top to the ground. Each may import itself and what it names.
FLOORS = {
    'cli': 'filter watch watch.guard api api.hooks events events.webhook '
           'gateway extensions db core conf exception utils',
    'filter': 'api api.hooks events events.notifications gateway extensions '
              'conf exception utils',
    'watch': 'watch.guard events events.notifications events.webhook gateway '
             'db core exception utils',
    'watch.guard': 'events.notifications gateway core exception utils',
    'api.hooks': 'api events events.notifications gateway extensions core '
                 'policies exception utils',
    'api': 'events gateway extensions db core policies conf exception utils',
    'events.webhook': 'events gateway db core conf exception utils',
    'events': 'events.notifications gateway db core conf exception utils',
    'events.notifications': 'gateway core exception utils',
    'gateway': 'extensions core exception utils',
    'extensions': 'core policies exception utils',
    'db': 'core exception utils',
    'core': 'exception utils',
    'utils': 'exception',
    'policies': '',
    'conf': '',
    'exception': '',
    # Apart from the others.
    'osc': 'utils',
    'embedded': 'dashboard conf utils',
    'dashboard': 'utils',
}

# Arrows against the table, each from a module to a module, with its reason.
AGAINST_THE_TABLE = {
    ('events.publisher', 'events.webhook.endpoint'):
        'nova-api logs a webhook that nova-lockstatus-watch would refuse',
    ('embedded.sample_locks', 'db.database'):
        'the demo makes the tables that db sync makes for an operator',
    ('embedded.sample_locks', 'db.migration'):
        'the demo makes the tables that db sync makes for an operator',
}


def floor_of(module):
    return source.innermost(module.short, FLOORS)


def arrows():
    """Yield each import of a module of the project by another floor."""
    for module in source.production():
        for imported in module.imports:
            target = source.own_module(imported)
            # The top package is empty.
            if (target is not None and target.short
                    and floor_of(target) != floor_of(module)):
                yield module, imported, target


class FloorsTestCase(testtools.TestCase):

    def test_each_module_is_on_a_floor(self):
        self.assertEqual([], [module for module in source.production()
                              if module.short and floor_of(module) is None])

    def test_each_floor_has_a_module(self):
        self.assertEqual(set(FLOORS), {
            floor_of(module) for module in source.production()} - {None})

    def test_the_table_has_no_way_up(self):
        order = list(FLOORS)
        for number, (floor, allowed) in enumerate(FLOORS.items()):
            for name in allowed.split():
                self.assertIn(name, order[number + 1:] + (
                    ['utils', 'conf'] if floor == 'embedded' else
                    ['utils'] if floor in ('osc', 'dashboard') else []),
                    floor)

    def test_no_import_goes_up_or_sideways(self):
        wrong = [
            '%s imports %s: %s may import %s' % (
                module.at(imported.line), imported.name, floor_of(module),
                FLOORS[floor_of(module)] or 'nothing of the project')
            for module, imported, target in arrows()
            if floor_of(target) not in FLOORS[floor_of(module)].split()
            and (module.short, target.short) not in AGAINST_THE_TABLE]
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_each_exception_is_needed(self):
        there = {(module.short, target.short)
                 for module, _imported, target in arrows()
                 if floor_of(target) not in FLOORS[floor_of(module)].split()}
        self.assertEqual(set(), set(AGAINST_THE_TABLE) - there)

    def test_no_circle_of_modules(self):
        """Also none that an import in a function or for a type closes."""
        finished = set()
        circles = []

        def visit(module, way):
            if module in way:
                circles.append(' -> '.join(
                    m.short for m in [*way[way.index(module):], module]))
            elif module not in finished:
                for imported in module.imports:
                    target = source.own_module(imported)
                    # A package may import its modules, and they it.
                    if target not in (None, module) and not target.is_package:
                        visit(target, [*way, module])
                finished.add(module)

        for module in source.production():
            visit(module, [])
        self.assertEqual([], circles)
