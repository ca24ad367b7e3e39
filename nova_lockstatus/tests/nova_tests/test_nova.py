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

"""Loads Nova's tests, as unittest asks for it."""

import importlib
import os
import re

# NOTE: before anything else of Nova.
from nova_lockstatus.embedded import nova_fixture  # isort:skip

import testscenarios
from oslo_policy import policy

from nova_lockstatus.policies import lockstatus
from nova_lockstatus.tests.nova_tests import answers
from nova_lockstatus.tests.nova_tests import samples
from nova_lockstatus.tests.nova_tests import selection


def load_tests(loader, tests, pattern):
    """Load the modules of the selection."""
    left_out = re.compile('|'.join(selection.LEFT_OUT))
    suite = loader.suiteClass()
    for name in selection.modules(answers.FOLDER in os.environ):
        module = importlib.import_module('nova.tests.functional.' + name)
        suite.addTests(
            test for test in testscenarios.generate_scenarios(
                loader.loadTestsFromModule(module))
            if not left_out.search(test.id()))
    return suite


if selection.PASTE_FILE in os.environ:
    samples.prepare()
    path = os.environ[selection.PASTE_FILE]
    nova_fixture.Configuration({('wsgi', 'api_paste_config'): path}).setUp()
    if answers.FOLDER in os.environ:
        lockstatus.RULES[:] = [policy.DocumentedRuleDefault(
            rule.name, '!', rule.description, rule.operations)
            for rule in lockstatus.RULES]
