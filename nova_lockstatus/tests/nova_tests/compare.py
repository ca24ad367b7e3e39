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

"""What two runs of the same tests have in common, and what they do not."""

import dataclasses
import re
from collections.abc import Collection, Mapping

from nova_lockstatus.tests.fixtures import subunit_results
from nova_lockstatus.tests.nova_tests import selection


@dataclasses.dataclass(frozen=True)
class Result:
    """How a test ended.

    :param status: in subunit's words
    :param added: keys that were set aside in its comparisons
    """

    status: str
    added: frozenset[str] = frozenset()


DID_NOT_RUN = Result('did not run')


def read(stream):
    """Read the results of a run.

    :param stream: subunit's stream, as bytes
    :returns: them, by the id of the test
    """
    results = {}
    for test in subunit_results.read(stream):
        added = test['details'].get(selection.ADDED)
        results[test['id']] = Result(
            test['status'],
            frozenset(added.as_text().split() if added else ()))
    return results


@dataclasses.dataclass
class Report:
    """What came out of a comparison, as lines to print."""

    excepted: list[str] = dataclasses.field(default_factory=list)
    not_held: list[str] = dataclasses.field(default_factory=list)
    wrong: list[str] = dataclasses.field(default_factory=list)
    stale: list[str] = dataclasses.field(default_factory=list)


def compare(
    stock: Mapping[str, Result],
    plugin: Mapping[str, Result],
    exceptions: Mapping[str, str],
    added_keys: Collection[str],
) -> Report:
    """Hold the results with the plugin against those of stock Nova.

    :param stock: the results on stock Nova, by the id of the test
    :param plugin: those with the plugin
    :param exceptions: regular expressions of tests that fail with the plugin
        alone, with the reason
    :param added_keys: what comparisons may set aside
    :returns: what came out
    """
    report = Report()
    unused = set(exceptions)
    for test in sorted(stock.keys() | plugin.keys()):
        before = stock.get(test, DID_NOT_RUN)
        after = plugin.get(test, DID_NOT_RUN)
        line = '%s: %s on stock Nova, %s with the plugin' % (
            test, before.status, after.status)
        regex = next((regex for regex in exceptions
                      if re.search(regex, test)), None)
        unused.discard(regex)
        if before.added:
            report.wrong.append('%s: stock Nova has the keys %s' % (
                test, ' '.join(sorted(before.added))))
        if DID_NOT_RUN in (before, after):
            report.wrong.append(line)
        elif before.status == 'fail':
            report.not_held.append(line)
        elif regex is None and before.status != after.status:
            report.wrong.append(line)
        elif regex is not None and after.status != 'fail':
            report.wrong.append('%s, but it is an exception' % line)
        elif regex is not None:
            report.excepted.append('%s: %s' % (test, exceptions[regex]))
    report.stale.extend('No test that ran is the exception %s' % regex
                        for regex in sorted(unused))
    seen = set().union(*(result.added for result in plugin.values()))
    report.stale.extend('No comparison set the key %s aside' % key
                        for key in sorted(set(added_keys) - seen))
    return report
