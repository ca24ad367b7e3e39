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

"""Notifiers like Nova's, with connections of their own to the broker.

Nova's notifications take a connection from the pool of Nova's transport. If
there is none, they try once to make one, and are lost where the broker is
away. If there is one that was made before, they wait until the broker is back,
and so does the call that sends them. The plugin's fan-out must not leave
connections in that pool: calls that stock Nova answers at once would wait.
"""

import threading
from typing import Any

import oslo_messaging as messaging
from nova import rpc
from oslo_config import cfg

RELIES_ON = (
    'nova.rpc:LEGACY_NOTIFIER',
    'nova.rpc:NOTIFIER',
    'nova.rpc:RequestContextSerializer',
    'nova.rpc:get_allowed_exmods',
)

_LOCK = threading.Lock()

_NOTIFIERS: dict[str, tuple[Any, Any]] = {}
"""Nova's notifier of each form when the plugin's was made, and the plugin's.
They are made in the process that sends, after it was forked."""


def versioned(conf: cfg.ConfigOpts, publisher_id: str) -> Any:
    """Return the notifier of the versioned form.

    :param publisher_id: such as ``nova-api:host1``
    """
    return _own(conf, 'versioned', rpc.NOTIFIER,
                conf.notifications.versioned_notifications_topics
                ).prepare(publisher_id=publisher_id)


def unversioned(conf: cfg.ConfigOpts, publisher_id: str) -> Any:
    """Return the notifier of the unversioned form.

    :param publisher_id: such as ``api.host1``
    """
    # NOTE: not wrapped as rpc.get_notifier() does it. The wrapper logs a
    # warning for each notification whose event type Nova does not know.
    return _own(conf, 'unversioned', rpc.LEGACY_NOTIFIER, None
                ).prepare(publisher_id=publisher_id)


def _own(conf: cfg.ConfigOpts, form: str, original: Any,
         topics: list[str] | None) -> Any:
    # Another class than oslo.messaging's makes no connections.
    if type(original) is not messaging.Notifier:
        return original
    # Several hosts can be announced at the same time.
    with _LOCK:
        made_for, own = _NOTIFIERS.get(form, (None, None))
        if made_for is not original:
            # NOTE: as nova.rpc.init() makes Nova's, since before release 26.
            # Each transport has a pool of connections of its own.
            own = messaging.Notifier(
                messaging.get_notification_transport(
                    conf, allowed_remote_exmods=rpc.get_allowed_exmods()),
                # Without Nova's JsonPayloadSerializer, which copies each
                # payload value by value: the plugin's are JSON already.
                serializer=rpc.RequestContextSerializer(None),
                topics=topics)
            _NOTIFIERS[form] = original, own
    return own
