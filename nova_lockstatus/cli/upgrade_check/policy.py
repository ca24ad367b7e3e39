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

"""The checks of ``nova-lockstatus-status upgrade check`` on policy files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result

from nova_lockstatus import exception
from nova_lockstatus.cli.upgrade_check.installation import Installation
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import loader

_OLD_FILE = 'policy.json'

_SHOWN_BY = tuple('os_compute_api:servers:' + name
                  for name in ('show', 'detail', 'index'))
"""Nova's rules on who sees a server, and who finds it."""


def check_file(installation: Installation) -> Result:
    """Check that oslo.policy reads the policy file that is there."""
    from nova_lockstatus.api import policy_enforcer
    conf = installation.conf
    # It registers the options of the group as well.
    enforcer = policy_enforcer.make(conf, _load_extensions(installation))
    configured = conf.oslo_policy.policy_file
    path = conf.find_file(configured)
    if path:
        return Result(Code.SUCCESS, path)
    location = conf.get_location('policy_file', 'oslo_policy')
    if location is not None and location.location.is_user_controlled:
        return Result(
            Code.WARNING,
            '[oslo_policy]policy_file names %s, which is not there: the '
            'defaults of all rules are in force. Correct it, or take it out.'
            % configured)
    old_path = conf.find_file(_OLD_FILE)
    if not old_path:
        return Result(
            Code.SUCCESS,
            'There is no %s: the defaults of the rules are in force, but for '
            'those in [oslo_policy]policy_dirs.' % configured)
    advice = ('Convert it with "oslopolicy-convert-json-to-yaml --namespace '
              'nova --policy-file %s --output-file %s.yaml", or set '
              '[oslo_policy]policy_file = %s.' % (
                  old_path, old_path.removesuffix('.json'), old_path))
    # NOTE: up to release 4 of oslo.policy an Enforcer falls back to it.
    if enforcer.policy_file == _OLD_FILE:
        return Result(
            Code.WARNING,
            '%s is read, as there is no %s, but newer releases of oslo.policy '
            'do not read it. %s' % (old_path, configured, advice))
    return Result(
        Code.FAILURE,
        '%s is not read: [oslo_policy]policy_file is %s. The rules in it are '
        'not in force. %s' % (old_path, configured, advice))


def check_rules(installation: Installation) -> Result:
    """Check that the rules in policy files are known and correct."""
    from nova_lockstatus.api import policy_enforcer
    extensions = _load_extensions(installation)
    enforcer = policy_enforcer.make(installation.conf, extensions)
    enforcer.suppress_deprecation_warnings = True
    try:
        enforcer.load_rules()
    except Exception as error:
        # Whatever comes up in a parser of YAML or JSON.
        return Result(
            Code.FAILURE,
            'A policy file cannot be read: %s. Correct it.'
            % ' '.join(str(error).split()))
    unreadable = policy_enforcer.unreadable_rules(enforcer)
    problems = [text % ', '.join(names) for text, names in (
        ('oslo.policy does not understand what is set for %s, and refuses '
         'everybody; correct it.', unreadable),
        ('Neither Nova nor nova-lockstatus has a rule %s; correct the name, '
         'or take it out.', policy_enforcer.unknown_rules(enforcer)),
        ('These lead to a rule that is not there, or in a circle: %s; correct '
         'them.', policy_enforcer.undefined_rules(enforcer))) if names]
    narrower = _narrower_rules(enforcer, extensions)
    widened = [name for name in _SHOWN_BY if name in enforcer.file_rules
               and enforcer.file_rules[name].check_str
               != enforcer.registered_rules[name].check_str]
    if narrower and widened:
        problems.append('%s Policy files set %s, too: set these likewise, if '
                        'that is not what you want.' % (
                            narrower, ' and '.join(widened)))
    if unreadable:
        return Result(Code.FAILURE, ' '.join(problems))
    if problems:
        return Result(Code.WARNING, ' '.join(problems))
    counted = '%d rules are set in policy files.' % len(enforcer.file_rules)
    return Result(
        Code.SUCCESS, ' '.join(filter(None, (counted, narrower))))


def _narrower_rules(enforcer: Any, extensions: Sequence[base.Extension]
                    ) -> str:
    """Say which rules may withhold what Nova itself shows or filters by."""
    from nova_lockstatus.api import policy_enforcer
    # For other fields Nova has rules of its own.
    withheld = sorted(
        '%s (%s)' % (field.rule, _withheld(field))
        for extension in extensions for field in extension.server_fields
        if field.follows_nova and field.rule in enforcer.file_rules
        and not _has_default_check(enforcer, field.rule)
        and not all(policy_enforcer.covers(enforcer, field.rule, name)
                    for name in _SHOWN_BY))
    if not withheld:
        return ''
    return ("Rules that are narrower than Nova's withhold what Nova itself "
            'gives: %s.' % ', '.join(withheld))


def _has_default_check(enforcer: Any, rule: str) -> bool:
    return str(enforcer.rules[rule]) == str(
        enforcer.registered_rules[rule].check)


def _withheld(field: base.ServerField) -> str:
    key = 'the key %s from microversion %s on' % (field.key, field.nova_since)
    if not field.searchable:
        return key
    return '%s, and with 403 the filter and the sort_key %s' % (
        key, field.key)


def _load_extensions(installation: Installation) -> Sequence[base.Extension]:
    try:
        return loader.load_extensions(sorted(installation.known_aliases()))
    except exception.LockStatusException:
        # check_extensions() reports it.
        return []
