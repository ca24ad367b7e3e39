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

"""The page "Troubleshooting" has each warning and error that is logged."""

import ast
import re

import testtools

from nova_lockstatus.tests.fixtures import repository

PAGE = repository.DOC / 'source/admin/troubleshooting.rst'

LEVELS = ('warning', 'error', 'exception', 'critical')

# Of LogOnce: which argument has the beginning of the line.
ONCE = {'attempt': 0, 'failed': 0, 'check_read': 1}

PLACEHOLDER = re.compile(r'%(?:\(\w+\))?[a-z]')


def _is_message(call):
    """Tell which argument of a call is the text of a log line, if any."""
    function = call.func
    name = getattr(function, 'attr', getattr(function, 'id', None))
    receiver = ast.unparse(function).lower()
    if name in LEVELS and 'log' in receiver:
        return 0
    if name in ONCE and ('log_once' in receiver or name == 'check_read'):
        return ONCE[name]
    return None


class _Module:
    """The messages of one file.

    :param path: of the file
    """

    def __init__(self, path):
        self._path = path
        self._tree = ast.parse(path.read_text())
        self._names = {}
        self._parameters = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.arg):
                self._parameters.add(node.arg)
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    name = getattr(target, 'attr', getattr(target, 'id', None))
                    self._names[name] = node.value

    def _text(self, node):
        """Return a text, None for one that a caller gives."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self._text(node.left)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        name = getattr(node, 'attr', getattr(node, 'id', None))
        if name in self._names:
            return self._text(self._names[name])
        if name in self._parameters:
            return None
        raise AssertionError('%s:%d logs a text that nobody can search for' % (
            self._path, node.lineno))

    def messages(self):
        """Yield each text, with "…" for what differs."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call):
                argument = _is_message(node)
                text = (None if argument is None
                        else self._text(node.args[argument]))
                if text is not None:
                    yield PLACEHOLDER.sub('…', text)


def logged():
    """Return the texts of all warnings and errors of the package."""
    found = set()
    for path in sorted((repository.TOP / 'nova_lockstatus').rglob('*.py')):
        parts = path.relative_to(repository.TOP).parts
        # The template, whose callers have the texts; and what is no product.
        if 'tests' not in parts and path.name != 'log_once.py':
            found |= set(_Module(path).messages())
    return found


def documented():
    """Return the beginnings of log lines that the page has entries for."""
    return re.findall('^``([^`]+)``$', PAGE.read_text(), re.MULTILINE)


class TroubleshootingTestCase(testtools.TestCase):

    def test_each_line_has_one_entry(self):
        entries = documented()
        self.assertEqual(len(set(entries)), len(entries))
        for text in sorted(logged()):
            found = [entry for entry in entries if text.startswith(entry)]
            self.assertEqual(1, len(found), (text, found))

    def test_each_entry_has_a_line(self):
        texts = logged()
        for entry in documented():
            self.assertTrue(
                any(text.startswith(entry) for text in texts), entry)
            # Enough of it to be found.
            self.assertGreater(len(re.findall(r'\w+', entry)), 2, entry)
