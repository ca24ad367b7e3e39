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

"""An enforcer that knows Nova's rules and the plugin's together.

For the tools of oslo.policy, and for ``nova-lockstatus-status``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nova import policy as nova_policy
from oslo_config import cfg
from oslo_policy import _checks
from oslo_policy import policy

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus import policies
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import loader


def get_enforcer() -> Any:
    """Make the enforcer, as the tools of oslo.policy ask for it.

    It reads the policy files as nova-api does. Unlike with Nova's own
    enforcer, the tools' option ``--config-file`` counts.

    :raises ExtensionNotFound: when an extension is enabled that no package has
    :raises DuplicateExtension: when one is there or enabled twice
    :raises BrokenExtension: when one cannot be loaded
    """
    conf = cfg.CONF
    if not (conf.config_file or conf.config_dir):
        # NOTE: as nova.policy.get_enforcer(): the tools know of no project.
        conf([], project='nova')
    lockstatus_conf.register_opts(conf)
    return make(conf, loader.load_extensions(
        conf.lockstatus.enabled_extensions))


def make(conf: cfg.ConfigOpts, extensions: Sequence[base.Extension]) -> Any:
    """Make an enforcer, which has read no file yet.

    :param extensions: those that are enabled; the rules of the plugin's own
        extensions are there anyway
    """
    enforcer = of_nova(conf)
    _register(enforcer, policies.list_rules())
    for extension in extensions:
        _register(enforcer, extension.policies)
    return enforcer


def of_nova(conf: cfg.ConfigOpts) -> Any:
    """Make an enforcer with Nova's rules alone, which has read no file yet."""
    # NOTE: as nova.policy.init(), but not Nova's own enforcer, which has read
    # the files before the plugin's rules are there. register_rules(): since
    # before release 20.
    enforcer = policy.Enforcer(conf)
    enforcer.suppress_default_change_warnings = True
    nova_policy.register_rules(enforcer)
    return enforcer


def _register(enforcer: Any, rules: Iterable[policy.RuleDefault]) -> None:
    for rule in rules:
        if rule.name not in enforcer.registered_rules:
            enforcer.register_default(rule)


def unknown_rules(enforcer: Any) -> list[str]:
    """Name what policy files set and nobody asks.

    :param enforcer: has read the files
    :returns: names that are neither registered, nor the old name of a rule,
        nor used by another rule
    """
    known = {enforcer.default_rule}
    for name, rule in enforcer.registered_rules.items():
        known.add(name)
        if rule.deprecated_rule:
            known.add(rule.deprecated_rule.name)
    for check in enforcer.rules.values():
        known.update(_referred(check))
    return sorted(set(enforcer.file_rules) - known)


def _referred(check: Any) -> Iterator[str]:
    if isinstance(check, policy.RuleCheck):
        yield check.match
    # NOTE: "and" and "or" have several, "not" has one.
    for part in (*getattr(check, 'rules', ()),
                 *filter(None, [getattr(check, 'rule', None)])):
        yield from _referred(part)


def unreadable_rules(enforcer: Any) -> list[str]:
    """Name the rules of policy files that oslo.policy does not understand.

    :returns: the names; nobody passes these rules
    """
    return sorted(
        name for name, rule in enforcer.file_rules.items()
        if str(rule.check) == '!' and str(rule.check_str).strip() != '!')


def undefined_rules(enforcer: Any) -> list[str]:
    """Name the rules that lead to one that is not there, or in a circle."""
    return sorted(
        name for name, check in enforcer.rules.items()
        if enforcer._undefined_check(check) or enforcer._cycle_check(check))


def covers(enforcer: Any, rule: str, other: str) -> bool:
    """Tell whether a rule lets all pass whom another one lets pass.

    :param enforcer: has read the files
    :returns: False also where the texts of the two do not tell
    """
    rules = enforcer.rules
    if {rule, other}.intersection(undefined_rules(enforcer)):
        return False
    return _covers(rules.get(rule), rules.get(other), rules)


def _covers(wide: Any, narrow: Any, rules: Any) -> bool:
    if isinstance(narrow, policy.OrCheck):
        return all(_covers(wide, part, rules) for part in narrow.rules)
    if isinstance(wide, policy.AndCheck):
        return all(_covers(part, narrow, rules) for part in wide.rules)
    if (str(wide) == str(narrow) or isinstance(wide, _checks.TrueCheck)
            or isinstance(narrow, _checks.FalseCheck)):
        return True
    if isinstance(narrow, policy.RuleCheck):
        return _covers(wide, rules.get(narrow.match), rules)
    return (any(_covers(part, narrow, rules) for part in _parts(wide, rules))
            or isinstance(narrow, policy.AndCheck)
            and any(_covers(wide, part, rules) for part in narrow.rules))


def _parts(check: Any, rules: Any) -> Iterable[Any]:
    """Return checks of which each alone lets pass."""
    if isinstance(check, policy.RuleCheck):
        return [rules.get(check.match)]
    return check.rules if isinstance(check, policy.OrCheck) else ()
