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

"""The versioned payload of a server with a lock that has expired."""

from typing import Any

from nova.objects import base as nova_base
from nova.objects import fields

from nova_lockstatus.core import lock_expiry
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_lock
from nova_lockstatus.events.notifications.objects import instance


@nova_base.NovaObjectRegistry.register_notification
class LockExpiryPayload(instance.ServerPayload):
    """A server, and a lock of it that has expired and stays in force.

    :param context: a RequestContext
    """

    # Version 1.0: Initial version
    VERSION = '1.0'

    fields = {
        'id': fields.UUIDField(),
        'lock_id': fields.UUIDField(),
        'lock_level': fields.EnumField(valid_values=lock_record.LEVELS),
        'lock_holder': fields.EnumField(valid_values=(
            server_lock.OWNER, server_lock.ADMIN)),
        'lock_reason': fields.StringField(nullable=True),
        'lock_origin': fields.StringField(nullable=True),
        'lock_until': fields.DateTimeField(),
    }

    def __init__(self, context: Any, expired: lock_expiry.ExpiredLock
                 ) -> None:
        super().__init__(context, expired.server)
        self.id = expired.id
        # No call has made it expire.
        self.request_id = None
        for name, value in lock_expiry.payload(expired).items():
            setattr(self, name, value)
