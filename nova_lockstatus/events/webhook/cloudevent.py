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

"""Makes the events of servers, and signs them.

The event is a CloudEvent 1.0, in the structured JSON form. Several of them can
make a batch: section 4 of formats/json-format.md in
https://github.com/cloudevents/spec
"""

import datetime
import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from typing import Any

from nova_lockstatus.core import host_event
from nova_lockstatus.core import lock_expiry
from nova_lockstatus.gateway import instances

CONTENT_TYPE = 'application/cloudevents+json'

BATCH_CONTENT_TYPE = 'application/cloudevents-batch+json'

SIGNATURE = 'X-Lockstatus-Signature'
"""The header with the signature of the body."""

SOURCE = '/nova-lockstatus/host_status'

TYPE = 'org.openstack.nova.lockstatus.host_status'

LOCKS_SOURCE = '/nova-lockstatus/locks'

EXPIRED_TYPE = 'org.openstack.nova.lockstatus.lock.expired'

PING_TYPE = 'org.openstack.nova.lockstatus.ping'
"""The type of the event that ``nova-lockstatus webhook test`` posts."""


def make(change: host_event.StatusChange, server: instances.InstanceRow,
         shows_host: bool) -> dict[str, Any]:
    """Make the event of a server whose host's status has changed.

    :param shows_host: whether to name the host
    :returns: the event, always with the same ``id`` for a change and a server
    """
    return {
        'specversion': '1.0',
        'id': change.announcement_id(server.uuid),
        'source': SOURCE,
        'type': TYPE,
        'subject': server.uuid,
        # With its fraction, so that two changes can be put in order.
        'time': change.changed_at.strftime('%Y-%m-%dT%H:%M:%S.%fZ'),
        'datacontenttype': 'application/json',
        'data': {'change_id': change.id, 'uuid': server.uuid,
                 **host_event.payload(change, server, shows_host)},
    }


def make_expired(expired: lock_expiry.ExpiredLock) -> dict[str, Any]:
    """Make the event of a server with a lock that has expired.

    :returns: the event, always with the same ``id`` for the same end of a lock
    """
    data = lock_expiry.payload(expired)
    return {
        'specversion': '1.0',
        'id': expired.id,
        'source': LOCKS_SOURCE,
        'type': EXPIRED_TYPE,
        'subject': expired.server.uuid,
        'time': data['lock_until'],
        'datacontenttype': 'application/json',
        'data': {'uuid': expired.server.uuid, **data},
    }


def ping(name: str, sent_at: datetime.datetime) -> dict[str, Any]:
    """Make an event that says nothing of any server.

    :param name: the name of the webhook
    """
    return {
        'specversion': '1.0',
        'id': str(uuid.uuid4()),
        'source': SOURCE,
        'type': PING_TYPE,
        'time': sent_at.strftime('%Y-%m-%dT%H:%M:%S.%fZ'),
        'datacontenttype': 'application/json',
        'data': {'webhook': name},
    }


def body(event: dict[str, Any]) -> bytes:
    """Return the body of the POST of an event."""
    return json.dumps(event).encode('ascii')


def batch_body(events: Sequence[dict[str, Any]]) -> bytes:
    """Return the body of the POST of a batch."""
    return json.dumps(events).encode('ascii')


def batch_id(events: Sequence[dict[str, Any]]) -> str:
    """Return the id of a batch: the same for the same events."""
    first = uuid.UUID(events[0]['id'])
    return str(uuid.uuid5(first, ' '.join(event['id'] for event in events)))


def sign(content: bytes, secret: str, seconds: int) -> str:
    """Sign the body of a POST.

    :param seconds: the time of the POST, in seconds since 1970
    :returns: the value of the header
    """
    digest = hmac.new(secret.encode(), b'%d.%s' % (seconds, content),
                      hashlib.sha256)
    return 't=%d,v1=%s' % (seconds, digest.hexdigest())
