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

"""Lets Nova's comparisons of whole answers run where Nova is installed.

Nova compares an answer with a template, which is installed, and the template
with a sample of the documentation, which is not: the answer takes its place.
"""

import fixtures
from nova.tests.functional import api_samples_test_base
from nova.tests.functional.api_sample_tests import test_hypervisors
from testtools import content

from nova_lockstatus.tests.nova_tests import selection


def prepare():
    """Have Nova's tests do so, for as long as the process lives."""
    base = api_samples_test_base.ApiSampleTestBase
    verify = base._verify_response
    compare = base._compare_result

    def verify_response(self, name, subs, response, *args, **kwargs):
        path = self.useFixture(fixtures.TempDir()).join('sample.json')
        with open(path, 'w') as sample:
            sample.write(response.text)
        self._get_sample = lambda *args, **kwargs: path
        return verify(self, name, subs, response, *args, **kwargs)

    def compare_result(self, expected, result, result_str):
        if isinstance(expected, dict) and isinstance(result, dict):
            result = _set_aside(self, expected, result)
        return compare(self, expected, result, result_str)

    base._verify_response = verify_response
    base._compare_result = compare_result
    # By default there are no cells, and Nova's lookup of the mapping of one
    # host is faked. The plugin reads the mappings of all hosts of a list.
    for tests in (test_hypervisors.HypervisorsSampleJsonTests,
                  test_hypervisors.HypervisorsSampleJson233Tests):
        tests.SUPPORTS_CELLS = True


def _set_aside(test, expected, result):
    added = {key for kind, keys in selection.ADDED_KEYS.items()
             if kind in result for key in keys
             if key in result and key not in expected}
    if not added:
        return result
    # NOTE: before the details are read, Nova clears the test's attributes.
    known = test.getDetails().get(selection.ADDED)
    names = added.union(known.as_text().split() if known else ())
    test.addDetail(selection.ADDED,
                   content.text_content(' '.join(sorted(names))))
    return {key: value for key, value in result.items() if key not in added}
