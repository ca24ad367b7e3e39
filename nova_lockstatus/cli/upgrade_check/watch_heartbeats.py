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

"""What ``nova-lockstatus-status upgrade check`` finds of the watch service."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from nova_lockstatus import exception
from nova_lockstatus.cli.upgrade_check import installation as installations
from nova_lockstatus.cli.upgrade_check import result
from nova_lockstatus.db import database
from nova_lockstatus.db import migration
from nova_lockstatus.db import watch_process


def check(installation: installations.Installation) -> upgradecheck.Result:
    """Ask the store whether nova-lockstatus-watch has reported lately.

    :param installation: what is looked at
    :returns: the result
    """
    conf = installation.conf
    try:
        store = database.open_store(conf)
        migration.check(store)
        watches = watch_process.list_all(store)
    except exception.StoreNotConfigured:
        return judge_without_store(conf)
    except exception.StoreUnreachable as error:
        return result.failure(
            '%s Correct it. If the database is new, then run '
            '"nova-lockstatus db sync".' % error)
    except exception.LockStatusException as error:
        return result.failure(str(error))
    return judge(
        conf.lockstatus.guard, announces(conf), watches, watch_process.now())


def announces(conf: cfg.ConfigOpts) -> bool:
    """Tell whether the watch is to announce what becomes of hosts.

    :param conf: Nova's configuration
    :returns: whether it is. Nova need not be there to be asked
    """
    return bool(conf.lockstatus.announce_host_status
                and (conf.lockstatus.webhooks
                     or installations.notification_drivers(conf)))


def judge_without_store(conf: cfg.ConfigOpts) -> upgradecheck.Result:
    """Decide what it means that nobody can report.

    :param conf: Nova's configuration
    :returns: a failure where webhooks are to be told, which only the store
        makes possible, a warning where the guard should act or hosts should
        be announced
    """
    text = ('[lockstatus]connection is not set, so it cannot be told whether '
            'nova-lockstatus-watch runs.')
    is_enforced = conf.lockstatus.guard == 'enforce'
    is_announced = announces(conf)
    if not (is_enforced or is_announced):
        return result.success(text)
    if is_enforced:
        text += ' [lockstatus]guard is "enforce".'
    if is_announced:
        text += (' Without it, a host that is lost is not announced, which '
                 '[lockstatus]announce_host_status wants.')
    advice = ' Set it, and run "nova-lockstatus db sync".'
    if is_announced and conf.lockstatus.webhooks:
        return result.failure(
            text + ' No webhook is told of anything.' + advice)
    return result.warning(text + advice)


def judge(guard: str, announces_hosts: bool,
          watches: Sequence[watch_process.WatchProcess], now: datetime.datetime
          ) -> upgradecheck.Result:
    """Decide what the reports mean.

    :param guard: what [lockstatus]guard says
    :param announces_hosts: whether the watch is to announce hosts
    :param watches: who has reported
    :param now: the time, in UTC without a time zone
    :returns: a failure where the guard should act and nobody does it, a
        warning where it should report or hosts should be announced, or where
        some of several are missing
    """
    ages = {watch.host: (now - watch.reported_at).total_seconds()
            for watch in watches}
    missing = {host: age for host, age in ages.items()
               if age > watch_process.LATE_AFTER}
    there = [host for host in ages if host not in missing]
    if missing:
        text = 'nova-lockstatus-watch has not reported %s.' % ', '.join(
            'from %s for %d s' % pair for pair in missing.items())
    elif there:
        return result.success(', '.join(there))
    else:
        text = 'No nova-lockstatus-watch runs.'
    if guard == 'off' and not announces_hosts:
        return result.success(
            '%s [lockstatus]guard is "off", and what becomes of hosts is not '
            'announced, so none is needed.' % text)
    if there:
        return result.warning(
            '%s It runs on %s. Start the others again, or wait: what does '
            'not report is forgotten after a day.' % (text, ', '.join(there)))
    if guard != 'off':
        text += (' Locked servers that should be down are not watched over, '
                 'and [lockstatus]guard is "%s".' % guard)
    if announces_hosts:
        text += ' A host that is lost is not announced.'
    if guard == 'enforce':
        return result.failure(text + ' Start it.')
    return result.warning(text + ' Start it.')
