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

"""The sinks: where changes of host status and locks are delivered to."""

from collections.abc import Sequence

from oslo_config import cfg

from nova_lockstatus.conf.webhooks import NAME
from nova_lockstatus.db import store_url
from nova_lockstatus.events.notifications import host_status

NOTIFICATIONS = 'notifications'
"""The sink of Nova's notifications, in the forms that are configured."""

LOCK_NOTIFICATIONS = 'lock_notifications'
"""The sink of Nova's notifications for locks that have expired. It is not that
of hosts, whose entries processes of older releases take."""

_WEBHOOK = 'webhook:'

WEBHOOKS = _WEBHOOK + '%'
"""Matches the sinks of webhooks, with SQL's LIKE."""


def webhook(name: str) -> str:
    """Return the sink of a webhook."""
    return _WEBHOOK + name


def name_of_webhook(sink: str) -> str | None:
    """Return the name of the webhook of a sink, None for another sink."""
    return sink.removeprefix(_WEBHOOK) if sink.startswith(_WEBHOOK) else None


def of_notifications(conf: cfg.ConfigOpts) -> Sequence[str]:
    """Return the sink of Nova's notifications.

    :returns: its name, nothing where Nova sends no notifications
    """
    if conf.lockstatus.announce_host_status and (
            host_status.sends_versioned(conf)
            or host_status.sends_unversioned(conf)):
        return (NOTIFICATIONS,)
    return ()


def of_lock_notifications(conf: cfg.ConfigOpts) -> Sequence[str]:
    """Return the sink of Nova's notifications of locks that have expired.

    :returns: its name, nothing where Nova sends no versioned notifications
    """
    return (LOCK_NOTIFICATIONS,) if host_status.sends_versioned(conf) else ()


def of_webhooks(conf: cfg.ConfigOpts) -> Sequence[str]:
    """Return the sinks of the webhooks that are configured.

    To record a change takes their names alone. A name that is not valid is
    left out.

    :returns: their names, nothing where there is no store
    """
    options = conf.lockstatus
    if not (options.announce_host_status
            and store_url.is_configured(conf)):
        return ()
    # Each once: a dict keeps the order.
    return tuple(map(webhook, dict.fromkeys(
        name for name in options.webhooks if NAME.fullmatch(name))))


def configured(conf: cfg.ConfigOpts) -> Sequence[str]:
    """Return all sinks that a change is to be delivered to."""
    return (*of_notifications(conf), *of_webhooks(conf))
