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

"""What is said about the releases of Nova, held against what ran."""

import configparser
import importlib.util
import json
import pathlib
import subprocess
import sys
from importlib import metadata

import fixtures
import testtools

from nova_lockstatus.core import releases
from nova_lockstatus.tests.fixtures import repository

SUPPORTED = range(releases.OLDEST, releases.NEWEST + 1)

# The table says "not yet" of these, until a run of all tests is recorded.
NOT_RECORDED = {26}

# A suite of each kind of result.
SUITE = '''
import unittest

class TestCase(unittest.TestCase):
    def test_pass(self):
        pass

    def test_fail(self):
        self.fail()

    def test_skip(self):
        self.skipTest('why')

class WholeTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise unittest.SkipTest('why')

    def test_left_out(self):
        pass
'''


def load_tool():
    spec = importlib.util.spec_from_file_location(
        'support_matrix', repository.TOP / 'tools' / 'support_matrix.py')
    assert spec
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


support_matrix = load_tool()


def a_record(**values):
    return {'nova': '30.1.2', 'python': '3.11.7', 'date': '2026-11-21',
            'passed': 7, 'failed': 0, 'skipped': 1, **values}


class SupportedTestCase(testtools.TestCase):
    """Each place that names the supported releases names the same."""

    def test_the_tests_passed_with_each(self):
        records = support_matrix.read_records()
        self.assertEqual(
            {str(release) for release in SUPPORTED
             if release not in NOT_RECORDED}, set(records))
        for release, record in records.items():
            self.assertTrue(record['nova'].startswith(release + '.'), record)
            self.assertEqual(0, record['failed'], record)
            self.assertGreater(record['passed'], 0, record)

    def test_pages_have_the_table_of_what_ran(self):
        records = support_matrix.read_records()
        for path in support_matrix.PAGES:
            text = path.read_text()
            self.assertEqual(1, text.count(support_matrix.BEGIN), path)
            self.assertEqual(1, text.count(support_matrix.END), path)
            self.assertEqual(
                text, support_matrix.page(text, records),
                '%s: run "python tools/support_matrix.py write"' % path)

    def test_extra(self):
        setup = configparser.ConfigParser()
        setup.read(repository.TOP / 'setup.cfg')
        self.assertEqual('nova>=%d.0.0' % releases.OLDEST,
                         setup['extras']['nova'].strip())

    def test_constraints(self):
        for release in SUPPORTED:
            path = repository.TOP / 'constraints' / ('nova-%d.txt' % release)
            found = [line for line in path.read_text().splitlines()
                     if line.startswith('nova==')]
            self.assertEqual(1, len(found), path)
            self.assertTrue(found[0].startswith('nova==%d.' % release), path)

    def test_tox(self):
        tox = configparser.ConfigParser(interpolation=None)
        tox.read(repository.TOP / 'tox.ini')
        section = 'testenv:functional-nova{%s}' % ','.join(
            map(str, SUPPORTED))
        for release in SUPPORTED:
            self.assertIn(
                'nova%d: TOX_CONSTRAINTS_FILE={toxinidir}/constraints/'
                'nova-%d.txt\n' % (release, release),
                tox[section]['setenv'] + '\n')
            self.assertIn('functional-nova%d' % release,
                          tox['testenv:all-releases']['commands'])


class TableTestCase(testtools.TestCase):

    def test_release_with_failures_is_not_called_supported(self):
        for failed, answer in ((0, 'yes'), (1, 'no')):
            found = support_matrix.table({'30': a_record(failed=failed)})
            self.assertIn(
                '   * - 30.1.2\n     - 2024.2\n     - 3.11.7\n'
                '     - 2026-11-21: 7 passed, %d failed, 1 skipped\n'
                '     - %s\n' % (failed, answer), found)

    def test_names_of_openstack(self):
        for release, name in ((26, 'Zed'), (27, '2023.1'), (28, '2023.2'),
                              (34, '2026.2')):
            self.assertEqual(name, support_matrix.openstack(release))

    def test_release_that_did_not_run_is_not_called_supported(self):
        found = support_matrix.table({})
        self.assertEqual(len(SUPPORTED), found.count('     - no\n'))
        self.assertNotIn('     - yes\n', found)


class RecordTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (self.top / 'suite').mkdir()
        (self.top / 'suite' / '__init__.py').touch()
        (self.top / 'suite' / 'test_it.py').write_text(SUITE)

    def run_suite(self, *arguments):
        subprocess.run(
            [pathlib.Path(sys.executable).with_name('stestr'), '--repo-url',
             self.path, '--test-path', 'suite', '--top-dir', '.', 'run',
             '--concurrency', '1', *arguments],
            cwd=self.top, capture_output=True, timeout=300)

    def record(self, release=None):
        nova = metadata.version('nova')
        return support_matrix.record(
            release or int(nova.partition('.')[0]), self.path,
            pathlib.Path(sys.executable), self.top, 'suite')

    def test_whole_run(self):
        self.run_suite()
        found = self.record()
        self.assertRegex(found.pop('date'), r'^\d{4}-\d\d-\d\d$')
        self.assertEqual(
            {'nova': metadata.version('nova'),
             'python': '%d.%d.%d' % sys.version_info[:3],
             'passed': 1, 'failed': 1, 'skipped': 2}, found)
        json.dumps(found)

    def test_part_of_a_run(self):
        self.run_suite('test_pass')
        error = self.assertRaises(support_matrix.NotRecorded, self.record)
        self.assertRegex(str(error), '^3 tests did not run with Nova ')

    def test_no_run(self):
        error = self.assertRaises(support_matrix.NotRecorded, self.record)
        self.assertIn('has no run of stestr', str(error))

    def test_another_release(self):
        error = self.assertRaises(support_matrix.NotRecorded, self.record, 1)
        self.assertIn('has Nova ' + metadata.version('nova'), str(error))
