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

"""The versioned objects of a bypassed lock."""

from typing import Any

from nova.notifications.objects import base
from nova.objects import base as nova_base
from nova.objects import fields

from nova_lockstatus.events.notifications.objects import instance


@nova_base.NovaObjectRegistry.register_notification
class BypassPayload(instance.InstancePayload):
    """The payload of a locked server that somebody is about to change.

    :param server: the Instance, with its system metadata
    :param reason: why, as the caller says
    """

    # Version 1.0: Initial version
    VERSION = '1.0'

    SCHEMA = dict(instance.InstancePayload.SCHEMA)
    fields = {
        'bypass_reason': fields.StringField(),
    }

    def __init__(self, context: Any, server: Any, reason: str) -> None:
        super().__init__(context, server)
        self.bypass_reason = reason


@nova_base.NovaObjectRegistry.register_notification
class BypassNotification(base.NotificationBase):
    """A notification of a bypassed lock."""

    # Version 1.0: Initial version
    VERSION = '1.0'
    OBJ_PROJECT_NAMESPACE = instance.NAMESPACE

    fields = {
        'payload': fields.ObjectField('BypassPayload'),
    }
