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

"""Publishes the changes of host status that API calls make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import migration
from nova_lockstatus.db import store_url
from nova_lockstatus.events import direct_publisher
from nova_lockstatus.events import outbox_publisher
from nova_lockstatus.events.fan_out import FanOut
from nova_lockstatus.events.webhook.endpoint import read

if TYPE_CHECKING:
    from nova_lockstatus.gateway.host_status_reader import HostStatusReader
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

_WITHOUT_STORE = (
    'nova-api starts without a database of the plugin. Host status changes '
    'that calls make are announced once, without a retry: %s')


class Publisher(Protocol):
    """Publishes the changes that nova-api's hook finds."""

    after_response_timeout: float
    """Seconds that a process takes no further call after a response, where it
    cannot deliver beside its calls. Changes that are not delivered by then are
    delivered with the next calls, or by another process."""

    @property
    def is_busy(self) -> bool:
        """Tell whether a published change is not delivered yet."""

    def publish(self, change: host_event.StatusChange) -> None:
        """Publish a change, without waiting for its delivery."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all published changes are delivered.

        :param timeout: seconds to wait at the most, None without end
        """


def make_publisher(conf: cfg.ConfigOpts, source: str,
                   reader: HostStatusReader) -> Publisher:
    """Make the publisher of a process, with the store if there is one.

    :param source: the service that publishes
    """
    fan_out = FanOut(conf, source)
    try:
        read(conf)
    except exception.InvalidWebhook as error:
        LOG.error('The configuration of a webhook is wrong. With it, '
                  'nova-lockstatus-watch does not start: %s', error)
    try:
        store = database.open_store(conf)
        migration.check(store)
    except exception.StoreUnreachable as error:
        LOG.error('The database of the plugin is away. Host status changes '
                  'wait in memory until it is back: %s', error)
    except exception.StoreNotSynced as error:
        LOG.error('The database of the plugin lacks tables. Until they are '
                  'made, host status changes that calls make are announced '
                  'once, without a retry: %s', error)
    except exception.StoreNewer as error:
        # A migration only adds what has a default, so that processes of both
        # releases can write beside each other during an upgrade.
        LOG.warning('The database of the plugin is of a newer release. Host '
                    'status changes are recorded with what both releases '
                    'know: %s', error)
    except exception.StoreNotConfigured as error:
        LOG.info(_WITHOUT_STORE, error)
        return direct_publisher.DirectPublisher(fan_out)
    except exception.LockStatusException as error:
        LOG.error(_WITHOUT_STORE, error)
        return direct_publisher.DirectPublisher(fan_out)
    except Exception:
        # The store does not stop nova-api, whatever is wrong with it.
        LOG.exception(_WITHOUT_STORE, 'the database that '
                      '[lockstatus]connection names fails.')
        return direct_publisher.DirectPublisher(fan_out)
    return outbox_publisher.OutboxPublisher(conf, store, fan_out, reader)


_SHARED: dict[str, Publisher] = {}


def shared_publisher(conf: cfg.ConfigOpts, source: str,
                     reader: HostStatusReader) -> Publisher:
    """Return the publisher of all pipelines of a process.

    With one publisher, the changes of a host are delivered in their order.

    :param source: the service that publishes
    """
    try:
        key = store_url.read(conf)
    except exception.LockStatusException as error:
        key = str(error)
    if key not in _SHARED:
        _SHARED[key] = make_publisher(conf, source, reader)
    return _SHARED[key]
