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

"""Prints which servers have a host whose status has changed."""

import signal
import sys
import threading

import oslo_messaging
from oslo_config import cfg


class HostStatus:
    """Gets the notifications of that one event type, of any priority."""

    filter_rule = oslo_messaging.NotificationFilter(
        event_type=r'^lockstatus\.host_status\.update$')

    def __init__(self):
        self._seen = set()

    def info(self, context, publisher_id, event_type, payload, metadata):
        data = payload['nova_object.data']
        # Whoever is not told that a message has arrived sends it again.
        if data['id'] in self._seen:
            return
        self._seen.add(data['id'])
        print('%(changed_at)s server %(uuid)s of project %(tenant_id)s: '
              '%(old_host_status)s -> %(host_status)s' % data,
              flush=True)

    error = info


if __name__ == '__main__':
    listener = oslo_messaging.get_notification_listener(
        oslo_messaging.get_notification_transport(cfg.CONF, sys.argv[1]),
        # Beside other consumers of the topic, not instead of them.
        [oslo_messaging.Target(exchange='nova',
                               topic='versioned_notifications')],
        [HostStatus()], executor='threading', pool='host-status')
    listener.start()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    print('Listening. Ctrl-C ends it.', file=sys.stderr)
    ended.wait()
    listener.stop()
    listener.wait()
