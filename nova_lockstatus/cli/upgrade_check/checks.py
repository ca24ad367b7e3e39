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

"""The checks of ``nova-lockstatus-status upgrade check``, but for a few.

Each function checks one part and says how to mend it. None needs Nova's
databases, a message broker or a running service.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result

from nova_lockstatus import exception
from nova_lockstatus.cli.api_paste import check as paste_check
from nova_lockstatus.cli.upgrade_check.installation import Installation
from nova_lockstatus.cli.upgrade_check.installation import notification_drivers
from nova_lockstatus.core import releases
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import loader
from nova_lockstatus.gateway import requirements

LOCK_ALIAS = 'os-server-locked-status'


def check_configuration(installation: Installation) -> Result:
    """Name the files that the configuration was read from."""
    found = installation.files_read()
    if found.files or found.directories:
        return Result(
            Code.SUCCESS, ', '.join([*found.files, *found.directories]))
    return Result(
        Code.WARNING,
        'No nova.conf was found: these checks are about the defaults of all '
        'options. Name the files that nova-api reads with --config-file, or '
        'set OS_NOVA_CONFIG_DIR and OS_NOVA_CONFIG_FILES as nova-api has '
        'them.')


def check_release(_installation: Installation) -> Result:
    """Compare the installed Nova with the supported releases."""
    found, major = requirements.installed_release()
    if major < releases.OLDEST:
        return Result(
            Code.FAILURE,
            'This is Nova %s, and nova-lockstatus needs Nova %d or newer. Use '
            'it with a newer Nova, or take the filter out of the pipelines '
            'with "nova-lockstatus disable".' % (found, releases.OLDEST))
    if major > releases.NEWEST:
        return Result(
            Code.WARNING,
            'This is Nova %s, and the newest release that this '
            'nova-lockstatus was tested with is %d. See whether there is a '
            'newer nova-lockstatus. Without one, the check of the hooks '
            'counts.' % (found, releases.NEWEST))
    return Result(Code.SUCCESS, 'Nova %s' % found)


def check_hooks(_installation: Installation) -> Result:
    """Check each place in Nova that the plugin relies on."""
    try:
        from nova_lockstatus.api import hooks
        from nova_lockstatus.gateway import locked_servers
        from nova_lockstatus.watch import requirements as watch_requirements
    except (ImportError, AttributeError) as error:
        return Result(Code.FAILURE, _misfit([str(error)]))
    problems = []
    checks: list[Callable[[], object]] = [hook.check for hook in hooks.HOOKS]
    checks += [functools.partial(requirements.resolve, target)
               for target in (*watch_requirements.RELIES_ON,
                              *locked_servers.RELIES_ON)]
    for check in checks:
        try:
            check()
        except exception.HookMismatch as error:
            problems.append(str(error).partition('Nova: ')[2])
    problems = list(dict.fromkeys(problems))
    if problems:
        return Result(Code.FAILURE, _misfit(problems))
    return Result(Code.SUCCESS, '%d hooks fit.' % len(hooks.HOOKS))


def _misfit(problems: Sequence[str]) -> str:
    return ('%d of the places in Nova that nova-lockstatus relies on are not '
            'as it expects: %s nova-api would not start with the filter, '
            'unless [lockstatus]on_incompatible is "disable". Install a '
            'nova-lockstatus that supports this Nova, or run '
            '"nova-lockstatus disable".' % (len(problems), '; '.join(
                problem.rstrip('.') for problem in problems) + '.'))


def check_filter(installation: Installation) -> Result:
    """Check that each pipeline of the compute API has the filter."""
    try:
        config = installation.read_paste()
        pipelines = paste_check.check_pipelines(
            config, installation.auth_strategies())
    except exception.LockStatusException as error:
        return Result(
            Code.FAILURE, str(error).replace(' is left as it is', ''))
    lacking = [pipeline.place for pipeline in pipelines
               if not pipeline.filters]
    if lacking:
        return Result(
            Code.FAILURE,
            '%s: the filter is not in %s. What comes that way is answered as '
            'stock Nova does it. Run "nova-lockstatus enable" and restart '
            'nova-api.' % (config.name, ', '.join(lacking)))
    return Result(Code.SUCCESS, config.name)


def check_extensions(installation: Installation) -> Result:
    """Load the enabled extensions as nova-api does."""
    try:
        pipelines = [loader.load_extensions(aliases)
                     for aliases in installation.aliases()]
        _register(installation, pipelines)
    except exception.LockStatusException as error:
        return Result(
            Code.FAILURE,
            '%s Correct [lockstatus] in nova.conf, or the section of the '
            'filter in api-paste.ini.' % error)
    except ImportError as error:
        return Result(Code.FAILURE, _misfit([str(error)]))
    names = dict.fromkeys(extension.alias for extensions in pipelines
                          for extension in extensions)
    return Result(
        Code.SUCCESS,
        ', '.join(names) or 'None is enabled: this is stock Nova.')


def _register(installation: Installation,
              pipelines: Sequence[Sequence[base.Extension]]) -> None:
    from nova_lockstatus.api import policy
    from nova_lockstatus.api import policy_enforcer
    from nova_lockstatus.api.hooks import state_lock
    from nova_lockstatus.gateway import instance_attributes
    # As in nova-api, where all pipelines share one.
    enforcer = policy_enforcer.of_nova(installation.conf)
    for extensions in pipelines:
        for extension in extensions:
            instance_attributes.check(extension)
        state_lock.prepare(extensions)
        policy.add(enforcer, extensions)


def check_notifications(installation: Installation) -> Result:
    """Check that Nova sends the format of the enabled notifications."""
    conf = installation.conf
    drivers = notification_drivers(conf)
    senders = []
    if LOCK_ALIAS in installation.known_aliases():
        senders.append('lockstatus.lock and lockstatus.unlock (%s)'
                       % LOCK_ALIAS)
    if conf.lockstatus.guard != 'off':
        senders.append('lockstatus.guard.* ([lockstatus]guard = %s, where '
                       'nova-lockstatus-watch runs)' % conf.lockstatus.guard)
    if not senders:
        return Result(Code.SUCCESS, 'Nothing that is enabled sends any.')
    if not drivers:
        return Result(
            Code.SUCCESS,
            'None are sent at all, by Nova neither: '
            '[oslo_messaging_notifications]driver is not set.')
    if conf.notifications.notification_format == 'unversioned':
        return Result(
            Code.WARNING,
            '[notifications]notification_format is "unversioned", and these '
            'notifications are versioned ones: %s. They are not sent. Set it '
            'to "both" or "versioned" if you want them.' % ', '.join(senders))
    return Result(Code.SUCCESS)


def check_webhooks(installation: Installation) -> Result:
    """Check that each webhook has an address that it may have.

    It looks their names up as nova-lockstatus-watch does, and posts nothing.
    """
    options = installation.conf.lockstatus
    if not (options.webhooks and options.announce_host_status):
        return Result(Code.SUCCESS, 'None is told of hosts.')
    # It loads what nova-lockstatus-watch needs of Nova.
    from nova_lockstatus.watch import webhook_relay
    try:
        problems = webhook_relay.find_problems(installation.conf)
    except exception.LockStatusException as error:
        return Result(
            Code.FAILURE, '%s nova-lockstatus-watch does not start.' % error)
    if problems:
        return Result(
            Code.WARNING, '%s If nova-lockstatus-watch runs on another '
            'machine, run this check there.' % ' '.join(problems))
    return Result(Code.SUCCESS, ', '.join(options.webhooks))
