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


"""The tab "Lock and host" on Horizon's page of a server."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import tabs

from nova_lockstatus.dashboard import capabilities
from nova_lockstatus.dashboard import cells
from nova_lockstatus.dashboard import servers
from nova_lockstatus.dashboard.compute import ComputeClient
from nova_lockstatus.dashboard.compute import ComputeError

_ACTIONS = {'lock': _('Lock'), 'unlock': _('Unlock')}


class LockTab(tabs.Tab):
    """The lock of a server, its history, and the status of the host."""

    name = _('Lock and host')
    slug = 'lock_and_host'
    template_name = 'lockstatus/_server_tab.html'
    # Its calls are made when it is opened.
    preload = False

    def allowed(self, request: Any) -> bool:
        return capabilities.has_plugin(request)

    def get_context_data(self, request: Any) -> dict[str, Any]:
        client = ComputeClient(request)
        server_id = self.tab_group.kwargs['instance_id']
        try:
            server = servers.show(client, server_id)
            history = servers.lock_history(client, server_id)
        except ComputeError as exc:
            exceptions.handle(
                request, _('Unable to show the lock: %s') % exc)
            return {}
        return {
            'server': server,
            'locked': cells.locked(server.get('locked')),
            'holder': cells.holder(server.get('locked_by')),
            'reason': cells.text_from_outside(server.get('locked_reason')),
            'age': cells.age(server.get('locked_at')),
            'host_status': cells.host_status(server.get('host_status')),
            'shows_host_status': 'host_status' in server,
            'host': server.get('OS-EXT-SRV-ATTR:host'),
            'history': [{
                'action': _ACTIONS[action['action']],
                'age': cells.age(action['start_time']),
                'user_id': action.get('user_id'),
                'project_id': action.get('project_id'),
                'request_id': action.get('request_id'),
            } for action in history],
        }
