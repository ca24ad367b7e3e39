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

"""Asks Nova's enforcer on behalf of one request, each question once.

Nova takes a tenth of a millisecond and more for an answer. The fields of a
list ask several rules for each project on the page, and most get the same
answer for the same reason: the rules read alike, and ask of the target no more
than whether it is the caller's own. What Nova itself has asked for the request
is known already.
"""

from typing import Any, NamedTuple

from nova import policy as nova_policy
from oslo_policy import _checks
from oslo_policy import policy

# What a rule asks of the target: is it the caller's?
OWNER = {'project_id': '%(project_id)s', 'user_id': '%(user_id)s'}


class _ParsedRule(NamedTuple):
    """What a rule says, with the rules that it refers to.

    :param text: two rules that have the same say the same
    :param target_keys: what of the target it compares with the caller's, None
        where it can ask anything
    """

    text: tuple[Any, ...]
    target_keys: frozenset[str] | None


class PolicyCache:
    """Asks rules for one caller, each question once."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._novas_decisions: list[tuple[str, Any, bool]] = []
        self._rules: dict[str, _ParsedRule] = {}
        self._decisions: dict[tuple[Any, ...], bool] = {}

    def may(self, rule: str, target: dict[str, Any]) -> bool:
        """Tell whether a rule lets the caller pass.

        :raises Exception: what Nova's enforcer raises, of an unknown rule
        """
        key = self._key(rule, target)
        self._add_novas_decisions()
        decision = self._decisions.get(key)
        if decision is None:
            decision = self._decisions[key] = bool(self._context.can(
                rule, target=target, fatal=False))
        return decision

    def add(self, context: Any, rule: str, target: Any,
            decision: bool) -> None:
        """Keep the decision of a rule that Nova has asked itself.

        :param target: its target; another one than a dict is passed over
        """
        # Most requests ask the plugin nothing: it is worked out later.
        if context is self._context and isinstance(target, dict):
            self._novas_decisions.append((rule, target, decision))

    def is_default(self, rule: str) -> bool:
        """Tell whether the operator has left a rule as it is.

        :returns: whether it says what it says by default, written into a
            policy file or not
        """
        enforcer = nova_policy._ENFORCER
        default = enforcer.registered_rules.get(rule)
        return default is not None and (
            str(enforcer.rules.get(rule)) == str(default.check))

    def _add_novas_decisions(self) -> None:
        while self._novas_decisions:
            rule, target, decision = self._novas_decisions.pop()
            self._decisions.setdefault(self._key(rule, target), decision)

    def _key(self, rule: str, target: dict[str, Any]) -> tuple[Any, ...]:
        parsed = self._rules.get(rule) or self._parse(rule)
        if parsed.target_keys is None:
            return (parsed.text, *target.items())
        return (parsed.text, *(
            key in target and str(target[key]) == str(
                getattr(self._context, key))
            for key in OWNER if key in parsed.target_keys))

    def _parse(self, rule: str) -> _ParsedRule:
        """Parse a rule, and keep the result."""
        enforcer = nova_policy._ENFORCER
        default = enforcer.registered_rules.get(rule)
        check = _resolve(enforcer.rules.get(rule), enforcer)
        if default is None or check is None:
            parsed = _ParsedRule((rule,), None)
        else:
            scope = tuple(default.scope_types or ())
            parsed = _ParsedRule((str(check), scope),
                                 _target_keys(check, enforcer))
        self._rules[rule] = parsed
        return parsed


def _resolve(check: Any, enforcer: Any) -> Any:
    """Find what a rule says that only names another one."""
    passed = []
    while isinstance(check, policy.RuleCheck) and check not in passed:
        passed.append(check)
        check = enforcer.rules.get(check.match)
    return check


def _target_keys(check: Any, enforcer: Any) -> frozenset[str] | None:
    """Tell what of its target a check compares with the caller's."""
    if isinstance(check, (policy.AndCheck, policy.OrCheck)):
        found: frozenset[str] = frozenset()
        for part in check.rules:
            keys = _target_keys(part, enforcer)
            if keys is None:
                return None
            found |= keys
        return found
    if isinstance(check, policy.NotCheck):
        return _target_keys(check.rule, enforcer)
    if isinstance(check, policy.RuleCheck):
        return _target_keys(enforcer.rules.get(check.match), enforcer)
    if isinstance(check, (_checks.TrueCheck, _checks.FalseCheck)):
        return frozenset()
    # NOTE: checks of other types see the whole target (http), or are of
    # another package. These two fill the target into a text, and compare it.
    if type(check) in (_checks.RoleCheck, _checks.GenericCheck):
        if '%' not in check.match:
            return frozenset()
        if OWNER.get(check.kind) == check.match:
            return frozenset({check.kind})
    return None
