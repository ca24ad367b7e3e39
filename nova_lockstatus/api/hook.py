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

"""A place in Nova where the plugin puts a function of its own."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any

from nova_lockstatus import exception
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.gateway import requirements


@dataclasses.dataclass(frozen=True)
class Hook:
    """One method of Nova's that is wrapped.

    :param owner: the class that has it, as ``module:Class``
    :param parameters: the names that its parameters begin with
    :param wrapper: is called instead, with the original first
    :param relies_on: what else in Nova the wrapper uses, as ``module:name``
    :param alias: the extension that the hook is for. The wrapper is then only
        called for a request of a pipeline that has it, and gets the state of
        that request after the original. None: it is called always
    """

    owner: str
    name: str
    parameters: tuple[str, ...]
    wrapper: Callable[..., Any]
    relies_on: tuple[str, ...] = ()
    alias: str | None = None

    @property
    def target(self) -> str:
        """Return the name of what is wrapped, as ``module:Class.method``."""
        return '%s.%s' % (self.owner, self.name)

    def check(self) -> None:
        """Prove that the hook fits the installed Nova.

        :raises HookMismatch: when the method, or something that its wrapper
            uses, is not there, or the method takes other parameters
        """
        function = requirements.resolve(self.target)
        if not callable(function):
            raise exception.HookMismatch(
                target=self.target, problem='is no function')
        parameters = tuple(inspect.signature(function).parameters)
        if parameters[:len(self.parameters)] != self.parameters:
            raise exception.HookMismatch(
                target=self.target,
                problem='takes (%s), expected (%s, …)' % (
                    ', '.join(parameters), ', '.join(self.parameters)))
        for target in self.relies_on:
            requirements.resolve(target)

    def install(self) -> None:
        """Wrap the method, once in a process however often it is called.

        One module does not wrap the same method twice.
        """
        owner = requirements.resolve(self.owner)
        # Extensions can wrap the same method, each for requests of its own.
        mark = '_lockstatus_wraps_%s_in_%s' % (
            self.name.strip('_'), self.wrapper.__module__.replace('.', '_'))
        if mark in vars(owner):
            return
        original = getattr(owner, self.name)

        @functools.wraps(original)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if self.alias is None:
                return self.wrapper(original, *args, **kwargs)
            state = CURRENT.get()
            if state is None or self.alias not in state.pipeline.extensions:
                return original(*args, **kwargs)
            return self.wrapper(original, state, *args, **kwargs)

        setattr(owner, self.name, wrapped)
        setattr(owner, mark, True)
