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

Nova takes a quarter of a millisecond for an answer. The fields of a list ask
several rules for each project on the page, and most get the same answer for
the same reason: the rules read alike, and ask of the target no more than
whether it is the caller's own.
"""

from typing import Any

from nova import policy as nova_policy
from oslo_policy import _checks
from oslo_policy import policy

# What a rule asks of the target: is it the caller's?
OWNER = {'project_id': '%(project_id)s', 'user_id': '%(user_id)s'}


class Asker:
    """Asks rules for one caller.

    :param context: the caller's RequestContext
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._rules: dict[str, tuple[Any, bool]] = {}
        self._answers: dict[tuple[Any, ...], bool] = {}

    def may(self, rule: str, target: dict[str, Any]) -> bool:
        """Ask a rule.

        :param rule: the rule
        :param target: what it is asked for
        :returns: whether it lets the caller pass
        :raises Exception: what Nova's enforcer raises, of an unknown rule
        """
        meaning, of_owner = self._rules.get(rule) or self._read(rule)
        if of_owner:
            target_meaning = tuple(
                (key, str(value) == str(getattr(self._context, key, None)))
                if key in OWNER else (key, value)
                for key, value in target.items())
        else:
            target_meaning = tuple(target.items())
        question = (meaning, target_meaning)
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = bool(self._context.can(
                rule, target=target, fatal=False))
        return answer

    def _read(self, rule: str) -> tuple[Any, bool]:
        """Tell what a rule says, and whether it asks for the owner alone."""
        enforcer = nova_policy._ENFORCER
        default = enforcer.registered_rules.get(rule)
        check = enforcer.rules.get(rule)
        if default is None or check is None:
            read: tuple[Any, bool] = (rule, False)
        else:
            scope = tuple(default.scope_types or ())
            read = ((str(check), scope), _asks_for_owner(check, enforcer))
        self._rules[rule] = read
        return read


def _asks_for_owner(check: Any, enforcer: Any) -> bool:
    """Tell whether a check asks of its target whose it is, and no more."""
    if isinstance(check, (policy.AndCheck, policy.OrCheck)):
        return all(_asks_for_owner(part, enforcer) for part in check.rules)
    if isinstance(check, policy.NotCheck):
        return _asks_for_owner(check.rule, enforcer)
    if isinstance(check, policy.RuleCheck):
        return _asks_for_owner(enforcer.rules.get(check.match), enforcer)
    if isinstance(check, (_checks.TrueCheck, _checks.FalseCheck)):
        return True
    # NOTE: checks of other types see the whole target (http), or are of
    # another package. These two fill the target into a text, and compare it.
    return (type(check) in (_checks.RoleCheck, _checks.GenericCheck)
            and ('%' not in check.match
                 or OWNER.get(check.kind) == check.match))
