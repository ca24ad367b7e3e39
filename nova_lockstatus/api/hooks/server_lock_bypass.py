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

"""Leads past the check of locks that Nova's functions begin with."""

import functools
import inspect
import types
from collections.abc import Iterable, Iterator
from typing import Any

from nova_lockstatus import exception
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import lock_bypass
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.gateway import requirements


class LockCheck(Hook):
    """The check that Nova's functions begin with, for who may bypass it.

    It lets admins pass and nobody else. What it is wrapped around is called
    past it for whom the gate has let through; nothing else changes for them.
    """

    DECORATES = ('delete', 'reboot', 'stop')

    @property
    def target(self) -> str:
        """Return the name of the decorator that makes the check."""
        return 'nova.compute.api:check_instance_lock'

    def check(self) -> None:
        """Prove that the check is where it was, and does what it did.

        :raises HookMismatch: when it is not there, does something else, or
            is not around the functions that it was around
        """
        decorator = requirements.resolve(self.target)
        if not callable(decorator):
            self._mismatch('is no function')
        layer = _probe(decorator)
        names = getattr(getattr(layer, '__code__', None), 'co_names', ())
        if not {'locked', 'is_admin', 'InstanceIsLocked'}.issubset(names) or (
                tuple(inspect.signature(decorator).parameters)
                != self.parameters):
            self._mismatch('does something else')
        owner = requirements.resolve(self.owner)
        for name in self.DECORATES:
            if not list(_layers(vars(owner).get(name), layer.__code__)):
                self._mismatch('is not around %s()' % name)

    def _mismatch(self, problem: str) -> None:
        raise exception.HookMismatch(target=self.target, problem=problem)

    def install(self) -> None:
        """Put a way past each check, once in a process."""
        owner = requirements.resolve(self.owner)
        if '_lockstatus_passes' in vars(owner):
            return
        code = _probe(requirements.resolve(self.target)).__code__
        for name, function in list(vars(owner).items()):
            for layer, cell in _layers(function, code):
                if cell is None:
                    setattr(owner, name, _pass(layer))
                else:
                    cell.cell_contents = _pass(layer)
        owner._lockstatus_passes = True


def _probe(decorator: Any) -> Any:
    def function(self: Any, context: Any, instance: Any) -> None:
        """Be decorated."""

    return decorator(function)


def _layers(function: Any, code: types.CodeType,
            cell: types.CellType | None = None
            ) -> Iterator[tuple[Any, types.CellType | None]]:
    """Find the layers of a decorated function that have a code.

    :returns: each, with the cell of the layer outside of it that leads to it
    """
    if not isinstance(function, types.FunctionType):
        return
    if function.__code__ is code:
        yield function, cell
        return
    for inner in _cells(function):
        yield from _layers(inner.cell_contents, code, inner)


def _cells(function: types.FunctionType) -> Iterable[types.CellType]:
    # Only a decorator that says so has the next layer in its cells.
    if not hasattr(function, '__wrapped__'):
        return ()
    return function.__closure__ or ()


def _pass(layer: Any) -> Any:
    @functools.wraps(layer)
    def wrapped(self: Any, context: Any, instance: Any, *args: Any,
                **kwargs: Any) -> Any:
        state = CURRENT.get()
        if state is None:
            return layer(self, context, instance, *args, **kwargs)
        bypasses = (state.state_lock is not None
                    and state.state_lock.bypasses(instance.uuid))
        # NOTE: the check lets admins pass.
        if instance.locked and (bypasses or context.is_admin):
            lock_bypass.use(state, instance)
        if not bypasses:
            return layer(self, context, instance, *args, **kwargs)
        return layer.__wrapped__(self, context, instance, *args, **kwargs)

    return wrapped


# NOTE: check_instance_lock() is around functions of the API in releases 20 to
# 34, as one of several decorators that all are made with wraps().
HOOKS = (
    LockCheck('nova.compute.api:API', 'check_instance_lock', ('function',),
              _pass),
)
