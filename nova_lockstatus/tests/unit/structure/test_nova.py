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

"""Which packages may import Nova, and which may change it."""

import ast
import textwrap

import testtools

from nova_lockstatus.tests.unit.structure import source

MAY_IMPORT_NOVA = ('api', 'events.notifications', 'gateway', 'watch.guard',
                   'embedded')

# In functions alone, as these programs start: they have to choose how Nova's
# threads run, and to read its configuration.
PROGRAMS = {'cli.nova_config', 'cli.watch'}

# Import it as well, and are to be moved, each with where to.
MAY_CHANGE_NOVA = ('api.hooks', 'embedded')

# Change something of Nova's outside, each with the reason.
CHANGES = {
    ('api.hook', 'setattr(owner, self.name, wrapped)'):
        'installs a hook of api.hooks, once',
    ('api.hook', 'setattr(owner, mark, True)'):
        'installs a hook of api.hooks, once',
    ('gateway.cells', 'nova_context.CELL_CACHE = {}'):
        "what Nova's own services do after a fork",
}

# Methods that change a list, a dict or a set.
MUTATORS = {'add', 'append', 'clear', 'discard', 'extend', 'insert', 'pop',
            'popitem', 'remove', 'reverse', 'setdefault', 'sort', 'update'}


def imports_of_nova(module):
    return [imported for imported in module.imports
            if source.is_within(imported.name, 'nova')]


def root(node):
    """Return the name that a chain of attributes and subscripts begins with.

    :param node: the expression, as ``objects.Instance.fields['host']``
    """
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def names_of_nova(module):
    """Return the names that stand for something of Nova's in a module."""
    names = {imported.bound for imported in imports_of_nova(module)} - {''}
    for node in module.nodes:
        if (isinstance(node, ast.Assign)
                and isinstance(node.value, (ast.Attribute, ast.Name))
                and root(node.value) in names):
            names.update(target.id for target in node.targets
                         if isinstance(target, ast.Name))
    return names


def changed(node):
    """Return the expressions whose content a node changes or deletes."""
    if isinstance(node, (ast.Assign, ast.Delete)):
        return node.targets
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        return [node.target]
    if (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and node.func.attr in MUTATORS
            # A statement of SQLAlchemy's is begun with "insert()".
            and (node.args or node.keywords
                 or node.func.attr not in ('insert', 'update'))):
        return [node.func]
    return []


def changes(module):
    """Return the statements of a module that change something of Nova's.

    Whatever ``setattr`` changes, if it is not the object itself, counts.
    """
    names = names_of_nova(module)
    return [
        node for node in module.nodes
        if any(isinstance(expression, (ast.Attribute, ast.Subscript))
               and root(expression) in names for expression in changed(node))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            and node.func.id in ('setattr', 'delattr')
            and root(node.args[0]) != 'self')]


class ImportsOfNovaTestCase(testtools.TestCase):

    def test_only_these_packages_import_nova(self):
        wrong = [
            '%s imports %s' % (module.at(imported.line), imported.name)
            for module in source.production()
            for imported in imports_of_nova(module)
            if not source.is_within(module.short, *MAY_IMPORT_NOVA)
            and module.short not in PROGRAMS]
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_programs_import_nova_in_functions(self):
        for module in source.production():
            if module.short in PROGRAMS:
                lines = {node.lineno for node in module.tree.body}
                self.assertEqual([], [
                    module.at(imported.line)
                    for imported in imports_of_nova(module)
                    if imported.line in lines])

    def test_each_exception_is_needed(self):
        there = {module.short for module in source.production()
                 if imports_of_nova(module)}
        self.assertEqual(set(), PROGRAMS - there)

    def test_only_the_hooks_import_novas_api(self):
        wrong = [
            '%s imports %s' % (module.at(imported.line), imported.name)
            for module in source.production()
            for imported in imports_of_nova(module)
            if source.is_within(imported.name, 'nova.api')
            and not source.is_within(module.short, *MAY_CHANGE_NOVA)]
        self.assertEqual([], wrong, '\n'.join(wrong))


class ChangesOfNovaTestCase(testtools.TestCase):

    def test_only_the_hooks_change_nova(self):
        wrong = [
            '%s: %s' % (module.at(node.lineno), ast.unparse(node))
            for module in source.production()
            if not source.is_within(module.short, *MAY_CHANGE_NOVA)
            for node in changes(module)
            if (module.short, ast.unparse(node)) not in CHANGES]
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_each_exception_is_needed(self):
        there = {(module.short, ast.unparse(node))
                 for module in source.production()
                 for node in changes(module)}
        self.assertEqual(set(), set(CHANGES) - there)

    def test_only_the_hooks_make_and_install_hooks(self):
        """As what they wrap is Nova's, and ``Hook.install`` wraps it."""
        wrong = [
            '%s: %s' % (module.at(node.lineno), ast.unparse(node.func))
            for module in source.production()
            if not source.is_within(module.short, *MAY_CHANGE_NOVA, 'api.hook')
            for node in module.nodes if isinstance(node, ast.Call)
            and ast.unparse(node.func).split('.')[-1] == 'Hook']
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_what_counts_as_a_change(self):
        path = source.PACKAGE / 'example.py'
        module = source.Module(path, textwrap.dedent('''
            from nova import context
            import nova.objects

            Row = nova.objects.Instance
            context.CELL_CACHE = {}
            nova.objects.Instance.fields['locked'] = None
            del context.CELL_CACHE
            nova.objects.Instance.fields.update(locked=None)
            Row.save = None
            setattr(owner, 'save', None)

            class Server(Row):
                def lock(self):
                    row = Row(context)
                    row.locked = True
                    setattr(self, 'locked', True)
        '''))
        self.assertEqual(
            [6, 7, 8, 9, 10, 11],
            sorted(node.lineno for node in changes(module)))
