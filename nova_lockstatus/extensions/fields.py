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

"""Adds the fields of servers and hypervisors to Nova's own answer."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from oslo_log import log as logging

from nova_lockstatus.extensions import base

LOG = logging.getLogger(__name__)

_SCALARS = (str, bool, int, type(None))

Target = dict[str, Any]


class RequestAccess(NamedTuple):
    """The caller's access in one request.

    :param may: checks a policy rule for the caller and a target
    :param supports: tells whether the request's microversion is a given one
        or newer
    :param shows_alone: whether the request is for one server
    """

    may: Callable[[str, Target], bool]
    supports: Callable[[str], bool]
    shows_alone: bool = False

    def allows(self, rule: str, target: Target) -> bool:
        """Check a rule, and refuse where the check fails."""
        try:
            return self.may(rule, target)
        except Exception:
            LOG.warning('The rule %s cannot be asked.', rule, exc_info=True)
            return False


class _Step(NamedTuple):
    """The decision about a field, for all subjects of one target.

    :param value: computes its value, None where the rules refuse
    :param in_nova: whether Nova itself has the key at this microversion
    """

    field: base.Field
    value: Callable[[Any], Any] | None
    in_nova: bool


_Plan = list[tuple[base.Extension, list[_Step]]]


class Fields:
    """The fields that a pipeline's extensions add to one kind of subject.

    :param extensions: the extensions in their order; where two add the same
        key, the first one wins
    :param fields_of: returns an extension's fields of that kind
    """

    def __init__(self, extensions: Iterable[base.Extension],
                 fields_of: Callable[[base.Extension], Sequence[base.Field]]
                 ) -> None:
        self._extensions = [(extension, fields) for extension in extensions
                            if (fields := fields_of(extension))]
        self._warned: set[tuple[Any, ...]] = set()

    def merge(self, access: RequestAccess,
              subjects: Iterable[tuple[dict[str, Any], base.Subject]]
              ) -> None:
        """Add the fields to subjects, and withhold those that a rule refuses.

        A field that fails is left out and logged once for each cause.

        :param subjects: pairs of a subject's dict in the answer, which is
            changed in place, and the subject
        """
        plans: dict[tuple[Any, ...], _Plan] = {}
        for body, subject in subjects:
            target = subject.target
            plan = plans.get(key := tuple(target.values()))
            if plan is None:
                plan = plans[key] = self._plan(access, target)
            for extension, steps in plan:
                known = subject.knows(extension.instance_attributes)
                for step in steps:
                    self._apply(extension, step, body, subject, known)

    def _plan(self, access: RequestAccess, target: Target) -> _Plan:
        """Decide on all fields for the subjects of one target."""
        plan = []
        for extension, fields in self._extensions:
            steps = []
            for field in fields:
                in_nova = (field.nova_since is not None
                           and access.supports(field.nova_since))
                value = None
                if in_nova or access.shows_alone or not field.shown_alone:
                    value = self._decide(access, extension, field, target)
                if in_nova or value:
                    steps.append(_Step(field, value, in_nova))
            plan.append((extension, steps))
        return plan

    def _decide(self, access: RequestAccess, extension: base.Extension,
                field: base.Field, target: Target
                ) -> Callable[[Any], Any] | None:
        try:
            if access.may(field.rule, target):
                return field.value
            fallback = field.fallback
            if fallback and access.may(fallback.rule, target):
                return fallback.value
        except Exception as error:
            # A rule that cannot be checked refuses.
            self._warn(extension, field, error, 'its rule cannot be asked')
        return None

    def _apply(self, extension: base.Extension, step: _Step,
               body: dict[str, Any], subject: base.Subject,
               known: bool) -> None:
        field = step.field
        in_nova = step.in_nova and field.key in body
        if step.value is None:
            if in_nova:
                _withhold(field, body)
        elif in_nova and not field.replaces_nova:
            return
        elif field.key in body and not in_nova:
            self._warn(extension, field, None, 'the answer has that key')
        elif known:
            self._add(extension, step, body, subject)

    def _add(self, extension: base.Extension, step: _Step,
             body: dict[str, Any], subject: base.Subject) -> None:
        assert step.value is not None
        try:
            value = step.value(subject)
            if value is base.ABSENT:
                body.pop(step.field.key, None)
                return
            if type(value) not in _SCALARS:
                json.dumps(value, allow_nan=False)
        except Exception as error:
            self._warn(extension, step.field, error, 'it cannot be computed')
        else:
            body[step.field.key] = value

    def _warn(self, extension: base.Extension, field: base.Field,
              error: Exception | None, problem: str) -> None:
        cause = (extension.alias, field.key, problem, _origin(error))
        if cause in self._warned:
            return
        self._warned.add(cause)
        LOG.warning(
            "The field '%(key)s' of the extension '%(alias)s' is left out: "
            '%(problem)s. This is logged once for each cause.',
            {'key': field.key, 'alias': extension.alias, 'problem': problem},
            exc_info=error)


def _withhold(field: base.Field, body: dict[str, Any]) -> None:
    if field.nova_requires:
        body[field.key] = None
    else:
        del body[field.key]


def _origin(error: Exception | None) -> tuple[Any, ...]:
    """Identify the line of code that raised an error."""
    if error is None:
        return ()
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return (type(error),)
    return (type(error), traceback.tb_frame.f_code, traceback.tb_lineno)
