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

"""What a log has of names, exceptions and tracebacks from outside."""

import ast
import logging

import testtools

from nova_lockstatus import exception
from nova_lockstatus.tests.fixtures import outside_text
from nova_lockstatus.tests.unit.structure import source
from nova_lockstatus.utils import logs

LOG = logs.logger('outside')

LONGEST = 50000
"""Escapes are longer than what they stand for."""

LEVELS = ('debug', 'info', 'warning', 'error', 'critical', 'exception')


class EscapingLoggerTestCase(outside_text.OutsideTextTestCase):

    def setUp(self):
        super().setUp()
        self.listen_to(LOG.logger)

    def formatted(self):
        record, = self.records
        self.records.clear()
        return logging.Formatter('%(message)s').format(record)

    def test_names_of_hosts_and_cells(self):
        for text in self.texts:
            LOG.warning('Host %s of cell %r', text, text)
            self.assertHarmless(self.formatted(), LONGEST)
            LOG.warning('Host %(host)s is %(number)d', {
                'host': text, 'number': 3})
            line = self.formatted()
            self.assertHarmless(line, LONGEST)
            self.assertTrue(line.endswith(' is 3'), line)
            LOG.warning('Hosts %s', [text])
            self.assertHarmless(self.formatted(), LONGEST)

    def test_texts_of_exceptions(self):
        for text in self.texts:
            for error in (ValueError(text), KeyError(text), OSError(5, text),
                          exception.HostStatusUnread(host=text)):
                LOG.error('It failed: %s', error)
                self.assertHarmless(self.formatted(), LONGEST)

    def test_tracebacks(self):
        numbers = {self.traceback_of(text) for text in self.texts}
        self.assertEqual(1, len(numbers), numbers)

    def traceback_of(self, text):
        """Log a chain of exceptions, and return the number of its lines."""
        try:
            try:
                try:
                    raise KeyError(text)
                except KeyError:
                    raise OSError(text)  # noqa: B904
            except OSError as error:
                raise ValueError(text) from error
        except ValueError as error:
            caught = error
            for log in (lambda: LOG.exception('It failed'),
                        lambda: LOG.error('It failed', exc_info=caught)):
                log()
                lines = self.formatted().split('\n')
                for line in lines:
                    self.assertHarmless(line, LONGEST)
        for name in ('KeyError', 'OSError', 'ValueError'):
            self.assertEqual(
                1, sum(line.startswith(name) for line in lines), name)
        self.assertIn('in traceback_of', ''.join(lines))
        return len(lines)

    def test_a_class_keeps_its_name(self):
        try:
            raise exception.HostStatusUnread(host='a')
        except exception.HostStatusUnread:
            LOG.exception('It failed')
        self.assertIn(
            '\nnova_lockstatus.exception.HostStatusUnread: The compute',
            self.formatted())

    def test_what_has_no_text(self):
        class Broken(Exception):
            def __str__(self):
                raise ValueError

        try:
            raise Broken
        except Broken as error:
            LOG.exception('It failed: %s', error)
        text = '<Broken, which has no text>'
        self.assertEqual(2, self.formatted().count(text))

    def test_the_line_is_the_callers(self):
        for log in (LOG.info, LOG.exception):
            log('here')
            record = self.records.pop()
            self.assertEqual('test_the_line_is_the_callers', record.funcName)



class LoggersTestCase(testtools.TestCase):

    def test_each_module_logs_through_it(self):
        wrong = [module.at(getattr(node, 'lineno', 0))
                 for module in source.production()
                 if not module.short.startswith('embedded')
                 for node in module.nodes if logs_itself(node)]
        self.assertEqual([], wrong, '\n'.join(wrong))


def logs_itself(node: ast.AST) -> bool:
    """Tell whether a logger of another kind is kept, or logs."""
    if isinstance(node, ast.Assign):
        return is_get_logger(node.value)
    return (isinstance(node, ast.Attribute) and node.attr in LEVELS
            and is_get_logger(node.value))


def is_get_logger(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
        'getLogger')
