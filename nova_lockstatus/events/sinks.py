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

"""To whom changes of hosts are told."""

from collections.abc import Sequence

from oslo_config import cfg

from nova_lockstatus.conf.webhooks import NAME
from nova_lockstatus.events.notifications import host_status

NOTIFICATIONS = 'notifications'
"""Nova's notifications, in the forms that are configured."""

_WEBHOOK = 'webhook:'

WEBHOOKS = _WEBHOOK + '%'
"""What the sinks of webhooks look like, for SQL's LIKE."""


def webhook(name: str) -> str:
    """Return the sink of a webhook.

    :param name: the name that [lockstatus]webhooks has
    :returns: the name of the sink
    """
    return _WEBHOOK + name


def of_notifications(conf: cfg.ConfigOpts) -> Sequence[str]:
    """Tell whether changes are to be told in Nova's notifications.

    :param conf: Nova's configuration
    :returns: the name of that sink, none where Nova sends no notifications
    """
    if conf.lockstatus.announce_host_status and (
            host_status.sends_versioned(conf)
            or host_status.sends_unversioned(conf)):
        return (NOTIFICATIONS,)
    return ()


def of_webhooks(conf: cfg.ConfigOpts) -> Sequence[str]:
    """Tell which webhooks a change is to be told.

    Who writes a change down need not know more of them than their names. A
    name that no webhook can have is left out.

    :param conf: Nova's configuration
    :returns: the names of their sinks, none where there is no store
    """
    options = conf.lockstatus
    if not (options.announce_host_status and options.connection):
        return ()
    # Each once: a dict keeps the order.
    return tuple(map(webhook, dict.fromkeys(
        name for name in options.webhooks if NAME.fullmatch(name))))


def wanted(conf: cfg.ConfigOpts) -> Sequence[str]:
    """Tell to whom a change is to be told.

    :param conf: Nova's configuration
    :returns: the names of the sinks, none where nobody is told
    """
    return (*of_notifications(conf), *of_webhooks(conf))
