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

"""Nothing from outside reaches a terminal, or a log, as it is."""

import ast
import logging
import random

import fixtures
import testtools
from testtools import content

from nova_lockstatus.core import server_lock
from nova_lockstatus.tests.unit.structure import source
from nova_lockstatus.utils import http_server
from nova_lockstatus.utils import log_once
from nova_lockstatus.utils import terminal

PIECES = ('\x1b[2J', '\x1b]0;title\x07', '\r', '\n', '\x00', '\x7f', '\x9b31m',
          '\u2028', '\u202e', '\ufeff', '\ud800', 'a', ' ', '\u00e9',
          '\U0001f600', '%s', '%(a)s', '\\', 'x' * 1000)

LEVELS = ('debug', 'info', 'warning', 'error', 'critical', 'exception')


class Handler(logging.Handler):

    def __init__(self, lines):
        super().__init__()
        self._lines = lines

    def emit(self, record):
        self._lines.append(record.getMessage())


class EscapeTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        seed = random.randrange(2 ** 32)
        self.addDetail('seed', content.text_content(str(seed)))
        choose = random.Random(seed)
        self.texts = [''.join(choose.choices(PIECES, k=choose.randrange(40)))
                      for _ in range(300)] + ['\x1b' * 60000, *PIECES]
        self.logged = []
        handler = Handler(self.logged)
        for module in (log_once, http_server):
            logger = module.LOG.logger
            self.useFixture(fixtures.MonkeyPatch(
                'logging.Logger.isEnabledFor', lambda *args: True))
            logger.addHandler(handler)
            self.addCleanup(logger.removeHandler, handler)

    def assertHarmless(self, text, max_length=4000):
        self.assertTrue(text.isprintable(), repr(text))
        self.assertLess(len(text), max_length)

    def test_one_line(self):
        for text in self.texts:
            self.assertHarmless(terminal.one_line(text))
            self.assertHarmless(terminal.one_line(ValueError(text)))
        self.assertEqual('why: \u00e9 \U0001f600', terminal.one_line(
            'why: \u00e9 \U0001f600\n'))
        self.assertEqual('a' * 10 + ' ...', terminal.one_line('a' * 11, 10))
        self.assertEqual('a' * 10, terminal.one_line('a' * 10, 10))

    def test_reason_in_a_refusal(self):
        for text in self.texts:
            lock = server_lock.Lock('admin', text[:255])
            self.assertHarmless(server_lock.describe(lock))
            self.assertEqual(text[:255], lock.reason)
        self.assertEqual(' by admin: \\x1b[2J', server_lock.describe(
            server_lock.Lock('admin', '\x1b[2J')))

    def test_failure_that_is_logged_once(self):
        for text in self.texts:
            log_once.LogOnce().failed('What', ValueError(text))
        self.assertEqual(len(self.texts), len(self.logged))
        for line in self.logged:
            self.assertHarmless(line)

    def test_request_of_the_metrics(self):
        handler = object.__new__(http_server._Handler)
        for text in self.texts:
            handler.log_message('"%s" %s', text, '404')
        self.assertEqual(len(self.texts), len(self.logged))
        for line in self.logged:
            self.assertHarmless(line)


class LogCallsTestCase(testtools.TestCase):
    """Each error that is logged is escaped, or is one of the project's own."""

    def test_errors(self):
        wrong = [module.at(call.lineno)
                 for module in source.production()
                 for handler in module.nodes
                 if isinstance(handler, ast.ExceptHandler) and handler.name
                 and not is_own(handler.type)
                 for call in log_calls(handler)
                 for argument in call.args[1:]
                 if names_it(argument, handler.name)]
        self.assertEqual([], wrong, '\n'.join(wrong))


def is_own(caught):
    """Tell whether only exceptions of the project's are caught."""
    types = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return all(ast.unparse(one).startswith('exception.') for one in types)


def log_calls(handler):
    return [node for node in ast.walk(handler)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS
            and ast.unparse(node.func.value).endswith('LOG')]


def names_it(node, name):
    """Tell whether an argument has the error itself in it."""
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func).rpartition('.')[2]
        if called in ('one_line', 'type', 'isinstance'):
            return False
    if isinstance(node, ast.Name):
        return node.id == name
    return any(names_it(child, name) for child in ast.iter_child_nodes(node))
