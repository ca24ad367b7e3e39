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

"""Keeps the answers to the rules that Nova asks itself for a request."""

from collections.abc import Callable
from typing import Any

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import CURRENT


def _can(original: Callable[..., Any], context: Any, action: str,
         target: Any = None, fatal: bool = True) -> Any:
    result = original(context, action, target, fatal)
    state = CURRENT.get()
    if state is not None:
        state.policy.add(context, action, target, bool(result))
    return result


# NOTE: Nova's API asks all its rules with can(), since before release 20. It
# takes a target that is None for the caller's own.
HOOKS = (
    Hook('nova.context:RequestContext', 'can',
         ('self', 'action', 'target', 'fatal'), _can),
)
