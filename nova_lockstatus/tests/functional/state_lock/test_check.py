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

"""Nova's own check of the lock, which the state lock replaces."""

import functools

import fixtures
import testtools
import webob
from nova.compute import api as compute_api

from nova_lockstatus import exception
from nova_lockstatus.api import pipeline as pipelines
from nova_lockstatus.api.hooks import server_lock_bypass
from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.extensions import loader


class CheckTestCase(testtools.TestCase):
    """Nova's own check of the lock is not what it was."""

    def assert_mismatch(self, problem):
        for hook in server_lock_bypass.HOOKS:
            error = self.assertRaises(exception.HookMismatch, hook.check)
            self.assertIn('nova.compute.api:check_instance_lock ' + problem,
                          str(error))

    def test_fits(self):
        for hook in server_lock_bypass.HOOKS:
            hook.check()

    def test_is_gone(self):
        name = 'nova.compute.api.check_instance_lock'
        with fixtures.MonkeyPatch(name, None):
            self.assert_mismatch('is no function')
        with fixtures.MonkeyPatch(name, fixtures.MonkeyPatch.delete):
            self.assert_mismatch('is not there')

    def test_does_something_else(self):
        def check_instance_lock(function):
            @functools.wraps(function)
            def inner(self, context, instance):
                if instance.locked:
                    raise RuntimeError
                return function(self, context, instance)
            return inner

        for other in (check_instance_lock, lambda function: function,
                      lambda function: None):
            with fixtures.MonkeyPatch(
                    'nova.compute.api.check_instance_lock', other):
                self.assert_mismatch('does something else')

    def test_is_around_other_functions(self):
        self.useFixture(fixtures.MockPatchObject(
            compute_api.API, 'reboot', lambda *args: None))
        self.assert_mismatch('is not around reboot()')


class UnroutedTestCase(testtools.TestCase):
    """Nova answers for its versions without a route."""

    def test_is_no_call_to_a_server(self):
        pipeline = pipelines.Pipeline(
            loader.load_extensions([state_lock.ALIAS]), lambda service: True)
        request = webob.Request.blank('/v2.1/')
        call = state_lock.name_call(None, None, request)
        self.assertIsNone(state_lock.make_gate(
            RequestState(pipeline, 'index'), call, request))
