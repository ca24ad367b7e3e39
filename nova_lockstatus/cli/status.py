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

"""The command ``nova-lockstatus-status``."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from importlib import metadata

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck
from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result

from nova_lockstatus import exception
from nova_lockstatus.cli import config_files
from nova_lockstatus.cli import nova_config
from nova_lockstatus.cli.upgrade_check import checks
from nova_lockstatus.cli.upgrade_check import libraries
from nova_lockstatus.cli.upgrade_check import policy as policy_checks
from nova_lockstatus.cli.upgrade_check import speedups
from nova_lockstatus.cli.upgrade_check.installation import Installation

ERROR = 255
"""The exit code of nova-status where the checks themselves fail."""

OPTS = [
    cfg.StrOpt('api-paste', metavar='FILE',
               help='The api-paste.ini to check. Default: the one that '
               'nova-api reads, by its environment and nova.conf.'),
]

Check = Callable[['Checks'], Result]


def _check_watch(installation: Installation) -> Result:
    # It loads SQLAlchemy and alembic, which --help does without.
    from nova_lockstatus.cli.upgrade_check import watch_heartbeats
    return watch_heartbeats.check(installation)


def _of(function: Callable[[Installation], Result]) -> Check:
    def check(commands: Checks) -> Result:
        try:
            return function(commands.installation)
        except Exception as error:
            # One check that fails must not hide what the others find.
            return Result(
                Code.FAILURE,
                'It could not be found out: %s: %s. See the other checks '
                'first.' % (type(error).__name__,
                            nova_config.one_line(error)))

    return check


class Checks(upgradecheck.UpgradeCommands):
    """The checks, in an order in which one may need those before."""

    display_title = 'Upgrade Check Results of nova-lockstatus'

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self.installation = installation

    def _get_details(self, upgrade_check_result: Result) -> str | None:
        # NOTE: it calls this for the table, since its first release. Its own
        # breaks a long word, such as the name of a rule or of a file, at its
        # 60th letter, and others at a hyphen.
        details = upgrade_check_result.details
        return details and '\n'.join(textwrap.wrap(
            details, 60, subsequent_indent='  ', break_long_words=False,
            break_on_hyphens=False))

    _upgrade_checks = (
        ('Configuration', _of(checks.check_configuration)),
        ('Release of Nova', _of(checks.check_release)),
        ('Libraries', _of(libraries.check)),
        ('Hooks into Nova', _of(checks.check_hooks)),
        ('Speedups', _of(speedups.check)),
        ('Filter in api-paste.ini', _of(checks.check_filter)),
        ('Extensions', _of(checks.check_extensions)),
        ('Policy file', _of(policy_checks.check_file)),
        ('Policy rules', _of(policy_checks.check_rules)),
        ('Notifications', _of(checks.check_notifications)),
        ('Watch service', _of(_check_watch)),
        ('Webhooks', _of(checks.check_webhooks)),
    )


def _names_files(argv: Sequence[str]) -> bool:
    return any(word.startswith('--config-') for word in argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``nova-lockstatus-status``.

    :returns: 0 if all is well, 1 if there is a warning, 2 if there is a
        failure, 255 if it could not be found out
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        conf = nova_config.register()
        nova_config.silence_libraries(False)
        conf.register_cli_opts(OPTS)
        commands = Checks(Installation(conf, os.environ))
        upgradecheck.register_cli_options(conf, commands)
        default = config_files.of_nova_api(os.environ)
        conf(list(argv), project='nova',
             prog='nova-lockstatus-status',
             version=metadata.version('nova-lockstatus'),
             default_config_files=default.files,
             default_config_dirs=default.directories)
    except exception.LockStatusException as error:
        print(error, file=sys.stderr)
        return ERROR
    except (cfg.Error, OSError) as error:
        print(nova_config.unreadable(error, _names_files(argv)),
              file=sys.stderr)
        return ERROR
    commands.installation.api_paste = conf.api_paste
    # NOTE: as upgradecheck.main(), which reads the option --json there.
    upgradecheck.CONF = conf
    try:
        code = int(conf.command.action_fn())
        sys.stdout.flush()
    except BrokenPipeError:
        nova_config.discard_output()
        return ERROR
    return code


if __name__ == '__main__':
    sys.exit(main())
