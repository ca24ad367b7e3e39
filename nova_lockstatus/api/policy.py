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

"""Registers the plugin's rules with Nova's own enforcer, and asks it."""

from collections.abc import Sequence
from typing import Any

from nova import policy as nova_policy

from nova_lockstatus import exception
from nova_lockstatus.extensions import base
from nova_lockstatus.policies import lockstatus


def register(extensions: Sequence[base.Extension]) -> None:
    """Register rules, so that the operator's policy files override them.

    :raises BrokenExtension: when a field names a rule that nobody registers,
        or a rule is registered already with another default
    """
    nova_policy.init()
    # NOTE: Nova has no public way to its enforcer that does not parse the
    # configuration again; nova.policy._ENFORCER: since before release 20.
    enforcer = nova_policy._ENFORCER
    add(enforcer, extensions)
    # As nova.policy.init() does, so that rules which something sets in memory
    # stand beside these, and not instead of them.
    enforcer.load_rules()


def add(enforcer: Any, extensions: Sequence[base.Extension]) -> None:
    """Add the common rule and those of extensions to an enforcer's.

    :raises BrokenExtension: as :func:`register`
    """
    for common in lockstatus.RULES:
        if common.name not in enforcer.registered_rules:
            enforcer.register_default(common)
    for extension in extensions:
        for default in extension.policies:
            registered = enforcer.registered_rules.get(default.name)
            if registered is None:
                enforcer.register_default(default)
            elif registered != default:
                raise exception.BrokenExtension(
                    alias=extension.alias,
                    problem="the rule '%s' has another default already"
                            % default.name)
    _check_rules(enforcer, extensions)


def _check_rules(enforcer: Any, extensions: Sequence[base.Extension]
                  ) -> None:
    for extension in extensions:
        for field in extension.fields:
            # An unknown rule raises when it is asked, and would be denied.
            for rule in field.rules:
                if rule not in enforcer.registered_rules:
                    raise exception.BrokenExtension(
                        alias=extension.alias,
                        problem="nobody registers the rule '%s' of its field "
                                "'%s'" % (rule, field.key))
        for route in extension.routes:
            if route.rule not in enforcer.registered_rules:
                raise exception.BrokenExtension(
                    alias=extension.alias,
                    problem="nobody registers the rule '%s' of its route "
                            "'%s %s'" % (route.rule, route.method, route.path))


NOBODY = '0' * 32
"""What no project and no user has for an id."""


def target(project_id: str | None, user_id: str | None) -> dict[str, str]:
    """Make the target of servers that have one owner, or any.

    :param project_id: their project, None for any
    :param user_id: their user, None for any
    :returns: the target, for which a rule lets nobody pass as an owner where
        the owner can be any
    """
    return {'project_id': project_id or NOBODY, 'user_id': user_id or NOBODY}


def may(context: Any, rule: str, target: dict[str, Any]) -> bool:
    """Ask Nova's enforcer whether a rule lets the caller pass."""
    return bool(context.can(rule, target=target, fatal=False))
