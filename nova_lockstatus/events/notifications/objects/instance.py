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

"""The versioned objects of a server and its lock."""

from typing import Any

from nova.notifications.objects import base
from nova.objects import base as nova_base
from nova.objects import fields
from oslo_utils import timeutils

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_rows

NAMESPACE = 'nova_lockstatus'
"""The namespace of the plugin's objects. Nova has some of the same names."""


class ServerPayload(base.NotificationPayloadBase):
    """What each payload says of a server and its lock.

    It has the names of Nova's own InstancePayload.

    :param context: the RequestContext of the call that made the change
    :param instance: the Instance after the change
    """

    OBJ_PROJECT_NAMESPACE = NAMESPACE

    SCHEMA = {
        'uuid': ('instance', 'uuid'),
        'tenant_id': ('instance', 'project_id'),
        'user_id': ('instance', 'user_id'),
        'display_name': ('instance', 'display_name'),
        'state': ('instance', 'vm_state'),
        'locked': ('instance', 'locked'),
        'locked_by': ('instance', 'locked_by'),
    }
    fields = {
        'uuid': fields.UUIDField(),
        'tenant_id': fields.StringField(nullable=True),
        'user_id': fields.StringField(nullable=True),
        'display_name': fields.StringField(nullable=True),
        'state': fields.InstanceStateField(nullable=True),
        'locked': fields.BooleanField(),
        'locked_by': fields.StringField(nullable=True),
        'locked_reason': fields.StringField(nullable=True),
        'request_id': fields.StringField(nullable=True),
        'action_initiator_user': fields.StringField(nullable=True),
        'action_initiator_project': fields.StringField(nullable=True),
    }

    def __init__(self, context: Any, instance: Any) -> None:
        super().__init__()
        self.locked_reason = lock_reason.read(instance.system_metadata)
        self.request_id = context.request_id
        self.action_initiator_user = context.user_id
        self.action_initiator_project = context.project_id
        self.populate_schema(instance=instance)


@nova_base.NovaObjectRegistry.register_notification
class InstancePayload(ServerPayload):
    """A server whose lock has changed.

    :param context: the RequestContext of the call that changed the lock
    :param instance: the Instance after the change
    """

    # Version 1.0: Initial version
    # Version 1.1: Add locked_until and delete_protected
    VERSION = '1.1'

    SCHEMA = dict(ServerPayload.SCHEMA)
    fields = {
        'locked_until': fields.DateTimeField(nullable=True),
        'delete_protected': fields.BooleanField(),
    }

    def __init__(self, context: Any, instance: Any) -> None:
        super().__init__(context, instance)
        self.locked_until = lock_rows.locked_until(
            instance.system_metadata, instance.locked_by)
        self.delete_protected = lock_rows.is_protected(
            instance.system_metadata, timeutils.utcnow())


@nova_base.NovaObjectRegistry.register_notification
class InstanceNotification(base.NotificationBase):
    """A notification of a server's lock."""

    # Version 1.0: Initial version
    VERSION = '1.0'
    OBJ_PROJECT_NAMESPACE = NAMESPACE

    fields = {
        'payload': fields.ObjectField('InstancePayload'),
    }
