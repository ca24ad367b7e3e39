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

"""Delivers a change of a host or a lock to a webhook, as events of servers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.core import lock_expiry
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.events.webhook import batcher
from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook import delivery_record
from nova_lockstatus.events.webhook import pause
from nova_lockstatus.events.webhook import refused_events
from nova_lockstatus.events.webhook import sender
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway import lock_ends
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logs.logger(__name__)

STATE_RETRY_SECONDS = 1
"""Seconds after which a change is tried again whose webhook is unreadable."""


class Delivery:
    """Posts an event for each server of one project that is on a host."""

    def __init__(self, conf: cfg.ConfigOpts, endpoint: Endpoint,
                 client: WebhookClient,
                 record: delivery_record.DeliveryRecord
                 = delivery_record.NO_RECORD,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._endpoint = endpoint
        self._record = record
        self._metrics = metrics
        self._what = ('Events for the webhook %s cannot be delivered'
                      % endpoint.name)
        self._sender = sender.Sender(endpoint, client)
        self._batcher = batcher.Batcher(self._post, endpoint.batch,
                                        endpoint.parallel)
        self._log_once = LogOnce()
        self._servers = instances.InstanceReader()
        self.pause = pause.Pause(conf, endpoint)
        """When the webhook is left alone after a failure."""
        self.is_gone = False
        """Whether the webhook has answered that it is gone for good."""

    @property
    def may_post(self) -> bool:
        """Tell whether the webhook is to get another event now."""
        return self.pause.is_over and not self.is_gone

    def read_state(self) -> None:
        """Read whether the webhook is off, which all processes share.

        :raises StoreUnreachable: when the store cannot be read
        :raises StoreNotSynced: when the tables do not exist
        """
        is_gone = self._record.is_off()
        if is_gone != self.is_gone:
            LOG.info('The webhook %s is %s.', self._endpoint.name,
                     'off: it has answered with 410 Gone' if is_gone
                     else 'on again')
        self.is_gone = is_gone

    def deliver(self, change: host_event.StatusChange, last: int,
                lease: LeaseRenewer) -> bool:
        """Post an event for each server, in the order of their ids.

        :param last: the id of the last server for which the change was
            delivered, 0 for none
        :param lease: takes that id as a checkpoint, after as many events as
            are posted at the same time
        :returns: whether the change is delivered for all servers
        :raises RetryLater: when the webhook did not take an event
        :raises Exception: when the servers cannot be read, for instance
            because their cell is down
        """
        try:
            self.read_state()
        except exception.LockStatusException as error:
            self._log_once.failed(self._what, error)
            raise outbox_relay.RetryLater(STATE_RETRY_SECONDS) from error
        if change.new == lock_expiry.EXPIRED:
            return self._deliver_expired(change, lease)
        context = self._servers.context_of(change)
        size = self._endpoint.batch * self._endpoint.parallel
        refused = refused_events.RefusedEvents(self._endpoint.name, change)
        try:
            for page in self._servers.read(context, change.host, last,
                                           self._endpoint.project_id):
                for start in range(0, len(page), size):
                    servers = page[start:start + size]
                    if self._is_too_old(change, servers[0].uuid):
                        return True
                    statuses = self.post(change, servers, lease)
                    refused.add(servers, statuses)
                    if len(statuses) < len(servers) or not (
                            lease.checkpoint(servers[-1].id)):
                        return False
        finally:
            refused.log()
        return True

    def _deliver_expired(self, change: host_event.StatusChange,
                         lease: LeaseRenewer) -> bool:
        expired = lock_ends.read_expired(
            self._servers.context_of(change), change.host, change.id)
        project_id = expired and expired.server.project_id
        if expired is None or project_id != self._endpoint.project_id:
            return True
        if self._is_too_old(change, change.host):
            return True
        statuses = self._post_events(change, [expired.server], [
            cloudevent.make_expired(expired)], lease)
        refused = refused_events.RefusedEvents(self._endpoint.name, change)
        refused.add([expired.server], statuses)
        refused.log()
        return bool(statuses)

    def _is_too_old(self, change: host_event.StatusChange, server_id: str
                    ) -> bool:
        if change.age <= self._conf.lockstatus.webhook_give_up:
            return False
        LOG.warning('Events are given up, as they are older than '
                    '[lockstatus]webhook_give_up: for the webhook %s, of the '
                    'server %s and those after it: %s',
                    self._endpoint.name, server_id, change.what)
        return True

    def post(self, change: host_event.StatusChange,
             servers: Sequence[instances.InstanceRow],
             lease: LeaseRenewer | None = None) -> list[int]:
        """Post the events of servers.

        :param lease: once it is lost, and in a pause, nothing more is posted.
            None to post in any case
        :returns: the HTTP status of the response to each event. It is final.
            The list ends where an event was not posted
        :raises RetryLater: when an event is to be posted again. Those before
            it have a checkpoint
        """
        return self._post_events(change, servers, [
            cloudevent.make(change, server,
                            self._conf.lockstatus.notify_host_names)
            for server in servers], lease)

    def _post_events(self, change: host_event.StatusChange,
                     servers: Sequence[instances.InstanceRow],
                     made: list[dict[str, Any]], lease: LeaseRenewer | None
                     ) -> list[int]:
        events = [batcher.PendingEvent(change, one, lease) for one in made]
        self._batcher.post(events)
        statuses: list[int] = []
        for event in events:
            if event.status is None:
                break
            statuses.append(event.status)
        else:
            self.pause.forget(change.id)
            return statuses
        if statuses and lease is not None:
            lease.checkpoint(servers[len(statuses) - 1].id)
        if isinstance(event.error, exception.LockStatusException):
            raise outbox_relay.RetryLater(self.pause.postpone(
                change.id, event.pause)) from event.error
        if event.error is not None:
            raise event.error
        return statuses

    def _post(self, batch: Sequence[batcher.PendingEvent]) -> None:
        """Post a batch, and set what comes of each event."""
        events = [event for event in batch if event.lease is None
                  or (self.may_post and event.lease.is_held)]
        if not events:
            return
        began, retry_after = time.monotonic(), None
        try:
            response = self._sender.post([event.event for event in events])
            if not sender.is_final(response.status):
                retry_after = response.retry_after
                raise exception.WebhookNotTaken(status=response.status)
        except exception.LockStatusException as error:
            self._fail(events, error, self.pause.begin(began, retry_after))
            return
        if response.status == sender.TOO_LARGE and len(events) > 1:
            half = len(events) // 2
            self._post(events[:half])
            self._post(events[half:])
            return
        self._finish(events, response.status)

    def _finish(self, events: Sequence[batcher.PendingEvent], status: int
                ) -> None:
        """Note the final answer to a POST."""
        is_accepted = sender.is_accepted(status)
        for _ in events:
            self._metrics.delivery_finished(
                self._endpoint.sink, 'sent' if is_accepted else 'failed')
        self._log_once.worked(self._what)
        self.pause.worked()
        self._record.answered('HTTP %d' % status)
        if status == sender.GONE:
            self._switch_off()
            return
        for event in events:
            event.status = status
        self._record.posted([event.event for event in events], status)

    def _fail(self, events: Sequence[batcher.PendingEvent],
              error: exception.LockStatusException, seconds: float) -> None:
        """Note that a POST has failed, for now."""
        for event in events:
            self._metrics.delivery_finished(self._endpoint.sink, 'failed')
            event.error, event.pause = error, seconds
        self._log_once.failed(self._what, error)
        self._record.answered(str(error))

    def _switch_off(self) -> None:
        self.is_gone = True
        self._record.switch_off()
        LOG.error(
            'The webhook %(name)s answered with 410 Gone: nothing more is '
            'posted to it. Its events wait for as long as '
            '[lockstatus]webhook_give_up says, and are given up then. Take '
            'its name out of [lockstatus]webhooks; or, if the receiver wants '
            'events again, run: nova-lockstatus webhook enable %(name)s',
            {'name': self._endpoint.name})
