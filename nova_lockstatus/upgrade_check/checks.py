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


"""What ``nova-lockstatus-status upgrade check`` looks at.

Each function looks at one thing and says what to do about it. None needs
Nova's databases, a message broker or a running service.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from nova_lockstatus import exception
from nova_lockstatus import filter as lockstatus_filter
from nova_lockstatus import manager
from nova_lockstatus import releases
from nova_lockstatus.api_paste import check as paste_check
from nova_lockstatus.api_paste import file as paste_file
from nova_lockstatus.api_paste import reader as paste_reader
from nova_lockstatus.extensions import base

LOCK_ALIAS = 'os-server-locked-status'


@dataclasses.dataclass
class Installation:
    """What is looked at.

    :param conf: Nova's configuration
    :param environ: the environment that nova-api has
    :param api_paste: the api-paste.ini, None to look for it
    """

    conf: Any
    environ: Mapping[str, str]
    api_paste: str | None = None

    def read_paste(self) -> paste_reader.PasteConfig:
        """Read the api-paste.ini that nova-api loads.

        :returns: what it says
        :raises PasteFileNotFound: when there is none, or two
        :raises PasteFileUnreadable: when it cannot be read
        :raises PasteFileNotUnderstood: when paste could not read it, either
        """
        path = self.api_paste or paste_file.find(
            self.environ, arguments=config_arguments(self.conf))
        return paste_reader.PasteConfig(paste_file.read(path), path)

    def aliases(self) -> list[list[str]]:
        """Return which extensions are enabled, for each way to say it.

        :returns: those of nova.conf, and of each section of the filter that
            names others
        :raises InvalidPasteOption: when such a section has another option
        """
        found = [list(self.conf.lockstatus.enabled_extensions)]
        try:
            config = self.read_paste()
        except exception.LockStatusException:
            # That is what check_filter() is for.
            return found
        for name in config.filters:
            options = dict(config.options(config.sections['filter', name]))
            for option in ('use', 'paste.filter_factory'):
                options.pop(option, None)
            aliases = lockstatus_filter.aliases(self.conf, options)
            if aliases not in found:
                found.append(aliases)
        return found

    def known_aliases(self) -> set[str]:
        """Return which extensions are enabled anywhere, as far as is known.

        :returns: their aliases
        """
        try:
            return {alias for aliases in self.aliases() for alias in aliases}
        except exception.InvalidPasteOption:
            # That is what check_extensions() is for.
            return set(self.conf.lockstatus.enabled_extensions)


def config_arguments(conf: Any) -> list[str]:
    """Return the arguments that name the files that a configuration is from.

    :param conf: the configuration
    :returns: the arguments
    """
    return [argument for option, paths in (
        ('--config-file', conf.config_file), ('--config-dir', conf.config_dir))
        for path in paths or () for argument in (option, path)]


def success(text: str | None = None) -> upgradecheck.Result:
    """Say that all is well."""
    return upgradecheck.Result(upgradecheck.Code.SUCCESS, text)


def warning(text: str) -> upgradecheck.Result:
    """Say that something should be looked into."""
    return upgradecheck.Result(upgradecheck.Code.WARNING, text)


def failure(text: str) -> upgradecheck.Result:
    """Say that something has to be done before nova-api is restarted."""
    return upgradecheck.Result(upgradecheck.Code.FAILURE, text)


def check_release(_installation: Installation) -> upgradecheck.Result:
    """Hold the installed Nova against the releases that are supported."""
    from nova import version
    found = str(version.version_string())
    major = int(found.partition('.')[0])
    if major < releases.OLDEST:
        return failure(
            'This is Nova %s, and nova-lockstatus needs Nova %d or newer. Use '
            'it with a newer Nova, or take the filter out of the pipelines '
            'with "nova-lockstatus disable".' % (found, releases.OLDEST))
    if major > releases.NEWEST:
        return warning(
            'This is Nova %s, and the newest release that this '
            'nova-lockstatus was tested with is %d. See whether there is a '
            'newer nova-lockstatus. Without one, the check of the hooks '
            'counts.' % (found, releases.NEWEST))
    return success('Nova %s' % found)


def check_hooks(_installation: Installation) -> upgradecheck.Result:
    """Prove each place in Nova that the plugin relies on."""
    try:
        from nova_lockstatus import hooks
        from nova_lockstatus.hooks import base as hooks_base
        from nova_lockstatus.hooks import locked_servers
        from nova_lockstatus.watch import requirements
    except (ImportError, AttributeError) as error:
        return failure(_misfit([str(error)]))
    problems = []
    checks: list[Callable[[], object]] = [hook.check for hook in hooks.HOOKS]
    checks += [functools.partial(hooks_base.resolve, target)
               for target in (*requirements.RELIES_ON,
                              *locked_servers.RELIES_ON)]
    for check in checks:
        try:
            check()
        except exception.HookMismatch as error:
            problems.append(str(error).partition('Nova: ')[2])
    problems = list(dict.fromkeys(problems))
    return failure(_misfit(problems)) if problems else success(
        '%d hooks fit.' % len(hooks.HOOKS))


def _misfit(problems: Sequence[str]) -> str:
    return ('%d of the places in Nova that nova-lockstatus relies on are not '
            'as it expects: %s nova-api would not start with the filter, '
            'unless [lockstatus]on_incompatible is "disable". Install a '
            'nova-lockstatus that supports this Nova, or run '
            '"nova-lockstatus disable".' % (len(problems), '; '.join(
                problem.rstrip('.') for problem in problems) + '.'))


def check_filter(installation: Installation) -> upgradecheck.Result:
    """Look for the filter in each pipeline of the compute API."""
    try:
        config = installation.read_paste()
        paste_check.check_pipelines(config)
    except exception.LockStatusException as error:
        return failure(str(error).replace(' is left as it is', ''))
    lacking = ['"%s" in [%s]' % (pipeline.option, pipeline.section)
               for pipeline in config.pipelines
               if pipeline.is_api and not pipeline.filters]
    if lacking:
        return failure(
            '%s: the filter is not in %s. What comes that way is answered as '
            'stock Nova does it. Run "nova-lockstatus enable" and restart '
            'nova-api.' % (config.name, ', '.join(lacking)))
    return success(config.name)


def check_extensions(installation: Installation) -> upgradecheck.Result:
    """Load the extensions that are enabled, as nova-api would."""
    names: list[str] = []
    try:
        for aliases in installation.aliases():
            extensions = manager.load_extensions(aliases)
            _connect(extensions)
            names += aliases
    except exception.LockStatusException as error:
        return failure(
            '%s Correct [lockstatus] in nova.conf, or the section of the '
            'filter in api-paste.ini.' % error)
    except ImportError as error:
        return failure(_misfit([str(error)]))
    return success(', '.join(dict.fromkeys(names)) or
                   'None is enabled: this is stock Nova.')


def _connect(extensions: Sequence[base.Extension]) -> None:
    from nova_lockstatus.hooks import instance
    from nova_lockstatus.hooks import state_lock
    for extension in extensions:
        instance.check(extension)
    state_lock.prepare(extensions)


def notification_drivers(conf: cfg.ConfigOpts) -> set[str]:
    """Return the drivers that send Nova's notifications.

    :param conf: Nova's configuration
    :returns: their names, none where no notifications are sent
    """
    from oslo_messaging import opts as messaging_opts
    for group, options in messaging_opts.list_opts():
        if group == 'oslo_messaging_notifications':
            conf.register_opts(options, group=group)
    return set(conf.oslo_messaging_notifications.driver) - {'', 'noop'}


def check_notifications(installation: Installation) -> upgradecheck.Result:
    """Hold the format of notifications against what is to be sent."""
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
        return success('Nothing that is enabled sends any.')
    if not drivers:
        return success('None are sent at all, by Nova neither: '
                       '[oslo_messaging_notifications]driver is not set.')
    if conf.notifications.notification_format == 'unversioned':
        return warning(
            '[notifications]notification_format is "unversioned", and these '
            'notifications are versioned ones: %s. They are not sent. Set it '
            'to "both" or "versioned" if you want them.' % ', '.join(senders))
    return success()
