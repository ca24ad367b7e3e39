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

"""Nothing happens when a module is imported."""

import ast

import testtools

from nova_lockstatus.tests.unit.structure import source

# Scripts: they are run, and imported by nothing.
SCRIPTS = {'db.migrations.env', 'embedded.__main__'}

# What a module may do when it is imported.
DEFINITIONS = (ast.AnnAssign, ast.Assign, ast.AsyncFunctionDef, ast.ClassDef,
               ast.FunctionDef, ast.Import, ast.ImportFrom)

CONDITIONS = ('if TYPE_CHECKING:', 'if typing.TYPE_CHECKING:',
              "if __name__ == '__main__':")

# Have Nova's configuration for all functions, by the name of CONF. What the
# hooks wrap has no place for a parameter more.
HAVE_CONF = ('api.hooks', 'embedded', 'gateway.hypervisor_hosts')


def runs_at_import(module):
    """Yield the expressions that an import evaluates."""
    def walk(node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef,
                                  ast.Lambda)):
                # Decorators and defaults are evaluated.
                for part in (*getattr(child, 'decorator_list', ()),
                             *child.args.defaults,
                             *filter(None, child.args.kw_defaults)):
                    yield part
                    yield from walk(part)
            else:
                yield child
                yield from walk(child)

    return walk(module.tree)


class ImportTestCase(testtools.TestCase):

    def test_a_module_only_defines(self):
        wrong = [
            '%s: %s' % (module.at(node.lineno), ast.unparse(node))
            for module in source.production() if module.short not in SCRIPTS
            for node in module.tree.body
            if not isinstance(node, DEFINITIONS)
            # A docstring.
            and not (isinstance(node, ast.Expr)
                     and isinstance(node.value, ast.Constant))
            and not ast.unparse(node).startswith(CONDITIONS)]
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_no_option_is_read_at_import(self):
        wrong = [
            '%s: %s' % (module.at(node.lineno), ast.unparse(node))
            for module in source.production()
            for node in runs_at_import(module)
            if isinstance(node, ast.Attribute)
            and ast.unparse(node.value).split('.')[-1] == 'CONF']
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_configuration_is_passed(self):
        wrong = [
            '%s has a CONF' % module
            for module in source.production()
            if not source.is_within(module.short, *HAVE_CONF)
            for node in module.tree.body
            if (isinstance(node, ast.ImportFrom)
                and any(alias.name == 'CONF' for alias in node.names))
            or (isinstance(node, ast.Assign)
                and any(ast.unparse(target) == 'CONF'
                        for target in node.targets))]
        self.assertEqual([], wrong, '\n'.join(wrong))
