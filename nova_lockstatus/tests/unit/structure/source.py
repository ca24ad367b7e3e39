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

"""The source files of the project, read for the tests of its structure."""

import ast
import functools
import pathlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import nova_lockstatus

PACKAGE = pathlib.Path(nova_lockstatus.__file__).parent
TOP = PACKAGE.parent

OWN = 'nova_lockstatus'

TEMPEST_PLUGIN = 'nova_lockstatus_tempest_plugin'


class Import(NamedTuple):
    """An import statement, or a call of ``import_module``.

    :param line: its line
    :param name: the module, or the name in a module, that is imported
    :param bound: the name that stands for it in the importing module
    """

    line: int
    name: str
    bound: str


class Module:
    """A module of the project.

    :param path: its file
    :param text: what the file has
    """

    def __init__(self, path: pathlib.Path, text: str) -> None:
        self.path = path
        parts = path.relative_to(TOP).with_suffix('').parts
        self.is_package = parts[-1] == '__init__'
        self.name = '.'.join(parts[:-1] if self.is_package else parts)
        self.length = len(text.splitlines())
        self.tree = ast.parse(text)

    def __repr__(self) -> str:
        return self.name

    @property
    def short(self) -> str:
        """Return the name without that of the project."""
        return self.name.removeprefix(OWN).lstrip('.')

    @functools.cached_property
    def nodes(self) -> list[ast.AST]:
        """Return all nodes of the syntax tree."""
        return list(ast.walk(self.tree))

    @functools.cached_property
    def imports(self) -> list[Import]:
        """Return the imports, also those in functions."""
        return [found for node in self.nodes for found in self._imports(node)]

    def at(self, line: int) -> str:
        """Name a line as a compiler does.

        :param line: its number
        """
        return '%s:%d' % (self.path.relative_to(TOP), line)

    def _imports(self, node: ast.AST) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name,
                             alias.asname or alias.name.partition('.')[0])
        elif isinstance(node, ast.ImportFrom):
            # The contributor guide asks for absolute imports.
            for alias in node.names:
                yield Import(node.lineno, '%s.%s' % (node.module, alias.name),
                             alias.asname or alias.name)
        elif (isinstance(node, ast.Call)
              and ast.unparse(node.func).endswith('import_module')
              and isinstance(node.args[0], ast.Constant)):
            yield Import(node.lineno, str(node.args[0].value), '')


@functools.cache
def all_modules() -> dict[str, Module]:
    """Return the modules of the project by their names, with the tests."""
    modules = [Module(path, path.read_text())
               for path in sorted(PACKAGE.rglob('*.py'))]
    return {module.name: module for module in modules}


@functools.cache
def production() -> list[Module]:
    """Return the modules that are not tests."""
    return [module for module in all_modules().values()
            if not is_within(module.short, 'tests')]


@functools.cache
def tests() -> list[Module]:
    """Return the modules of the tests."""
    return [module for module in all_modules().values()
            if is_within(module.short, 'tests')]


@functools.cache
def tempest_plugin() -> list[Module]:
    """Return the modules of the plugin for Tempest, with its tests."""
    return [Module(path, path.read_text())
            for path in sorted((TOP / TEMPEST_PLUGIN).rglob('*.py'))]


def own_module(imported: Import) -> Module | None:
    """Return the project's module that an import loads.

    :param imported: the import
    :returns: the module, None for another project's
    """
    modules = all_modules()
    return (modules.get(imported.name)
            or modules.get(imported.name.rpartition('.')[0]))


def is_within(name: str, *packages: str) -> bool:
    """Tell whether a dotted name is in one of some packages.

    :param name: the name
    :param packages: the packages; each is in itself
    """
    return any((name + '.').startswith(package + '.') for package in packages)


def innermost(name: str, packages: Iterable[str]) -> str | None:
    """Return the smallest of some packages that a dotted name is in.

    :param name: the name
    :param packages: the packages
    """
    return max((package for package in packages if is_within(name, package)),
               key=len, default=None)


def functions(module: Module) -> Iterator[
        tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the functions and methods of a module with their dotted names.

    :param module: the module
    """
    def walk(parent: ast.AST, prefix: str) -> Iterator[
            tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for node in ast.iter_child_nodes(parent):
            inner = prefix
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield prefix + node.name, node
                inner = prefix + node.name + '.'
            elif isinstance(node, ast.ClassDef):
                inner = prefix + node.name + '.'
            yield from walk(node, inner)

    return walk(module.tree, '')
