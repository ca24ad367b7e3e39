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

"""The versioned object of the service that sends a notification."""

from nova.notifications.objects import base
from nova.objects import base as nova_base
from nova.objects import fields

from nova_lockstatus.events.notifications.objects import instance

API = 'nova-api'
WATCH = 'nova-lockstatus-watch'


@nova_base.NovaObjectRegistry.register_notification
class ServicePublisher(base.NotificationPublisher):
    """A service, which need not be one of Nova's.

    Only its name is sent, not this object.
    """

    # Version 1.0: Initial version
    VERSION = '1.0'
    OBJ_PROJECT_NAMESPACE = instance.NAMESPACE

    fields = {
        'source': fields.StringField(),
    }
