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

"""A consumer of the notifications of a cloud."""

import time
from typing import Any, NamedTuple

import oslo_messaging
from oslo_config import cfg

EVENT = 'lockstatus.host_status.update'
OLD_EVENT = 'compute.instance.host_status'

_TOPICS = ('versioned_notifications', 'notifications')


class Heard(NamedTuple):
    """A notification.

    :param at: when it came, in seconds since the epoch
    :param publisher: who sent it
    :param payload: what it says; of a versioned one the object's data
    """

    at: float
    publisher: str
    payload: dict[str, Any]


class Listener:
    """Takes what the broker has, as any consumer does.

    ``heard`` has the list of each type of events, which fills.

    :param url: of the broker
    :param events: the types
    """

    def __init__(self, url, events=(EVENT, OLD_EVENT)):
        self.heard = {event: [] for event in events}
        transport = oslo_messaging.get_notification_transport(
            cfg.ConfigOpts(), url)
        self._listener = oslo_messaging.get_notification_listener(
            transport, [oslo_messaging.Target(topic=topic)
                        for topic in _TOPICS], [self], executor='threading')
        self._listener.start()

    def _take(self, context, publisher, event_type, payload, metadata):
        now = time.time()
        if event_type in self.heard:
            self.heard[event_type].append(Heard(
                now, publisher, payload.get('nova_object.data', payload)))

    info = warn = error = _take

    def forget(self):
        """Empty the lists."""
        for heard in self.heard.values():
            del heard[:]

    def stop(self):
        """Take nothing more."""
        self._listener.stop()
        self._listener.wait()
