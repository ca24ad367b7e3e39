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

from nova_lockstatus.extensions import base
from nova_lockstatus.policies import lockstatus as rules
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

_SCALARS = (str, bool, int, type(None))

Target = dict[str, Any]


class RequestAccess(NamedTuple):
    """The caller's access in one request.

    :param may: checks a policy rule for the caller and a target
    :param supports: tells whether the request's microversion is a given one
        or newer
    :param shows_alone: whether the request is for one server
    :param list_parameters: the query parameters by which the client asked a
        list for further fields
    :param is_default: tells whether the operator has left a rule as it is
    """

    may: Callable[[str, Target], bool]
    supports: Callable[[str], bool]
    shows_alone: bool = False
    list_parameters: frozenset[str] = frozenset()
    is_default: Callable[[str], bool] = lambda rule: False

    def allows(self, rule: str, target: Target) -> bool:
        """Check a rule, and refuse where the check fails."""
        try:
            return self.may(rule, target)
        except Exception:
            LOG.warning('The policy rule %s cannot be checked. It counts as '
                        'refused.', rule, exc_info=True)
            return False

    def shows(self, field: base.Field) -> bool:
        """Tell whether the answer is of the kind that has a field."""
        return (not field.shown_alone or self.shows_alone
                or field.list_parameter in self.list_parameters)

    def allows_extra_keys(self, target: Target) -> bool:
        """Tell whether the caller gets keys that Nova itself does not have.

        :param target: the target of the fields' rules
        :returns: False where the answer has Nova's own keys and values
        """
        return self.allows(rules.EXTRA_KEYS, target)


class _Step(NamedTuple):
    """The decision about a field, for all subjects of one target.

    :param granted: the rule that lets the caller pass, with what it shows;
        None where the rules refuse
    :param in_nova: whether Nova itself has the key at this microversion
    :param computes: whether the field is computed at all; otherwise the key
        is there where Nova has it, with Nova's value
    """

    field: base.Field
    granted: base.Fallback | None
    in_nova: bool
    computes: bool


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
        computes = access.allows_extra_keys(target)
        plan = []
        for extension, fields in self._extensions:
            steps = []
            for field in fields:
                in_nova = (field.nova_since is not None
                           and access.supports(field.nova_since))
                granted = None
                if in_nova or computes and access.shows(field):
                    granted = self._decide(access, extension, field, target)
                if (granted is None and in_nova and field.follows_nova
                        and access.is_default(field.rule)):
                    granted = base.Fallback(field.rule, field.value)
                if in_nova or granted:
                    steps.append(_Step(field, granted, in_nova, computes))
            plan.append((extension, steps))
        return plan

    def _decide(self, access: RequestAccess, extension: base.Extension,
                field: base.Field, target: Target) -> base.Fallback | None:
        try:
            if access.may(field.rule, target):
                return base.Fallback(field.rule, field.value)
            fallback = field.fallback
            if fallback and access.may(fallback.rule, target):
                return fallback
        except Exception as error:
            # A rule that cannot be checked refuses.
            self._warn(extension, field, error, 'its rule cannot be asked')
        return None

    def _apply(self, extension: base.Extension, step: _Step,
               body: dict[str, Any], subject: base.Subject,
               known: bool) -> None:
        field = step.field
        in_nova = step.in_nova and field.key in body
        if step.granted is None:
            if in_nova:
                _withhold(field, body)
        elif in_nova and not (field.replaces_nova and step.computes):
            if not self._permits(extension, step, body):
                _withhold(field, body)
        elif not step.computes:
            return
        elif field.key in body and not in_nova:
            self._warn(extension, field, None, 'the answer has that key')
        elif known:
            self._add(extension, step, body, subject)

    def _permits(self, extension: base.Extension, step: _Step,
                 body: dict[str, Any]) -> bool:
        """Tell whether Nova's own value may stand."""
        assert step.granted is not None
        permits = step.granted.permits
        try:
            return permits is None or permits(body[step.field.key])
        except Exception as error:
            self._warn(extension, step.field, error, 'it cannot be checked')
            return False

    def _add(self, extension: base.Extension, step: _Step,
             body: dict[str, Any], subject: base.Subject) -> None:
        assert step.granted is not None
        try:
            value = step.granted.value(subject)
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
