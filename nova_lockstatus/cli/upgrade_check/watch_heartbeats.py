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

"""The check on nova-lockstatus-watch of the upgrade check."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from oslo_config import cfg
from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result

from nova_lockstatus import exception
from nova_lockstatus.cli.upgrade_check.installation import Installation
from nova_lockstatus.cli.upgrade_check.installation import notification_drivers
from nova_lockstatus.db import database
from nova_lockstatus.db import migration
from nova_lockstatus.db import watch_process
from nova_lockstatus.utils import duration


def check(installation: Installation) -> Result:
    """Check in the plugin's database that nova-lockstatus-watch runs."""
    conf = installation.conf
    try:
        store = database.open_store(conf)
        migration.check(store)
        watches = watch_process.list_all(store)
    except exception.StoreNotConfigured:
        return check_without_store(conf)
    except exception.StoreUnreachable as error:
        return Result(
            Code.FAILURE,
            '%s Correct it. If the database is new, then run '
            '"nova-lockstatus db sync".' % error)
    except exception.LockStatusException as error:
        return Result(Code.FAILURE, str(error))
    return check_heartbeats(
        conf.lockstatus.guard, announces_host_status(conf), watches,
        watch_process.now())


def announces_host_status(conf: cfg.ConfigOpts) -> bool:
    """Tell whether nova-lockstatus-watch is to notify of host status.

    :returns: True where webhooks or notifications are configured; Nova need
        not be installed
    """
    return bool(conf.lockstatus.announce_host_status
                and (conf.lockstatus.webhooks
                     or notification_drivers(conf)))


def check_without_store(conf: cfg.ConfigOpts) -> Result:
    """Check an installation without a database of the plugin.

    :returns: a failure where webhooks need that database, a warning where the
        guard should act or host status should be notified
    """
    text = ('[lockstatus]connection is not set, so it cannot be told whether '
            'nova-lockstatus-watch runs.')
    is_enforced = conf.lockstatus.guard == 'enforce'
    is_announced = announces_host_status(conf)
    if not (is_enforced or is_announced):
        return Result(Code.SUCCESS, text)
    if is_enforced:
        text += ' [lockstatus]guard is "enforce".'
    if is_announced:
        text += (' Without it, a host that is lost is not announced, which '
                 '[lockstatus]announce_host_status wants.')
    advice = ' Set it, and run "nova-lockstatus db sync".'
    if is_announced and conf.lockstatus.webhooks:
        return Result(
            Code.FAILURE,
            text + ' No webhook is told of anything.' + advice)
    return Result(Code.WARNING, text + advice)


def check_heartbeats(guard: str, announces_hosts: bool,
                     watches: Sequence[watch_process.WatchProcess],
                     now: datetime.datetime) -> Result:
    """Check the heartbeats of all processes of nova-lockstatus-watch.

    :param guard: the value of [lockstatus]guard
    :param announces_hosts: whether the watch is to notify of host status
    :param watches: the processes that have sent a heartbeat
    :param now: the time, in UTC without a time zone
    :returns: a failure where the guard should act and no process runs, a
        warning where it should report or host status should be notified, or
        where some of several processes are missing
    """
    ages = {watch.host: (now - watch.reported_at).total_seconds()
            for watch in watches}
    missing = {host: age for host, age in ages.items()
               if age > watch_process.LATE_SECONDS}
    running = [host for host in ages if host not in missing]
    if missing:
        text = 'nova-lockstatus-watch has not reported %s.' % ', '.join(
            'from %s for %s' % (host, duration.in_seconds(age))
            for host, age in missing.items())
    elif running:
        return Result(Code.SUCCESS, ', '.join(running))
    else:
        text = 'No nova-lockstatus-watch runs.'
    if guard == 'off' and not announces_hosts:
        return Result(
            Code.SUCCESS,
            '%s [lockstatus]guard is "off", and what becomes of hosts is not '
            'announced, so none is needed.' % text)
    if running:
        return Result(
            Code.WARNING,
            '%s It runs on %s. Start the others again, or wait: what does '
            'not report is forgotten after a day.'
            % (text, ', '.join(running)))
    return _check_stopped(text, guard, announces_hosts)


def _check_stopped(text: str, guard: str, announces_hosts: bool) -> Result:
    if guard != 'off':
        text += (' Locked servers that should be down are not watched over, '
                 'and [lockstatus]guard is "%s".' % guard)
    if announces_hosts:
        text += ' A host that is lost is not announced.'
    if guard == 'enforce':
        return Result(Code.FAILURE, text + ' Start it.')
    return Result(Code.WARNING, text + ' Start it.')
