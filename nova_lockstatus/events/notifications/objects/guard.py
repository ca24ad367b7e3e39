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

"""The versioned objects of the guard's notifications."""

from typing import Any

from nova.notifications.objects import base
from nova.objects import base as nova_base
from nova.objects import fields

from nova_lockstatus.events.notifications.objects import instance


@nova_base.NovaObjectRegistry.register_notification
class GuardPayload(instance.ServerPayload):
    """The payload of a server that is locked and runs, but should be down.

    :param server: the Instance in its current state
    :param outcome: ``found``, ``acted`` or ``failed``
    """

    # Version 1.0: Initial version
    VERSION = '1.0'

    SCHEMA = {
        **instance.ServerPayload.SCHEMA,
        'power_state': ('instance', 'power_state'),
        'task_state': ('instance', 'task_state'),
    }
    fields = {
        'outcome': fields.EnumField(valid_values=(
            'found', 'acted', 'failed')),
        'power_state': fields.InstancePowerStateField(nullable=True),
        'task_state': fields.InstanceTaskStateField(nullable=True),
    }

    def __init__(self, context: Any, server: Any, outcome: str) -> None:
        super().__init__(context, server)
        self.outcome = outcome


@nova_base.NovaObjectRegistry.register_notification
class GuardNotification(base.NotificationBase):
    """A notification of the guard."""

    # Version 1.0: Initial version
    VERSION = '1.0'
    OBJ_PROJECT_NAMESPACE = instance.NAMESPACE

    fields = {
        'publisher': fields.ObjectField(
            'NotificationPublisher', subclasses=True),
        'payload': fields.ObjectField('GuardPayload'),
    }
