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


"""The entry of Horizon's menu."""

from typing import Any

import horizon
from django.utils.translation import gettext_lazy as _

from nova_lockstatus.dashboard import capabilities


class Locks(horizon.Panel):
    """Project > Compute > Locks, where the cloud has the plugin."""

    name = _('Locks')
    slug = 'locks'
    permissions = ('openstack.services.compute',)

    def allowed(self, context: Any) -> bool:
        return bool(super().allowed(context)) and capabilities.has_plugin(
            context['request'])
