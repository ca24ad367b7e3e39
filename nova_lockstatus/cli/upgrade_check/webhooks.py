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

"""The check on webhooks of the upgrade check."""

from __future__ import annotations

from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result

from nova_lockstatus import exception
from nova_lockstatus.cli.upgrade_check.installation import Installation


def check(installation: Installation) -> Result:
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
