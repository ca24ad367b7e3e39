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

"""Sends the notification of a lock that has expired."""

from typing import Any

from oslo_config import cfg

from nova_lockstatus.core import lock_expiry
from nova_lockstatus.events.notifications import own_notifier
from nova_lockstatus.events.notifications.objects import lock_expiry as objects
from nova_lockstatus.events.notifications.objects import service_publisher

EVENT = 'lockstatus.lock.expired'


def send(context: Any, conf: cfg.ConfigOpts, expired: lock_expiry.ExpiredLock
         ) -> None:
    """Send lockstatus.lock.expired.

    :param context: a RequestContext without a user
    :raises Exception: when it cannot be sent
    """
    payload = objects.LockExpiryPayload(context, expired)
    # NOTE: as Nova does before it sends a payload.
    payload.obj_reset_changes(recursive=True)
    notifier = own_notifier.versioned(conf, '%s:%s' % (
        service_publisher.WATCH, conf.host))
    # NOTE: as in host_status.py: one that cannot be sent is tried again by
    # whoever has the outbox entry.
    notifier.retry = None
    notifier.info(context, EVENT, payload.obj_to_primitive())
