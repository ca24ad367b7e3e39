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


"""The views of the panel."""

import functools

from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from openstack_dashboard import api

from nova_lockstatus.dashboard import servers
from nova_lockstatus.dashboard.admin.locks import tables
from nova_lockstatus.dashboard.locks import views


class IndexView(views.IndexView):
    """The locked servers of all projects, in the order of the projects."""

    table_class = tables.AdminLocksTable
    order = servers.BY_PROJECT
    fixed_filters = {'all_tenants': 'true', 'locked': 'true'}

    def get_data(self) -> list[servers.Server]:
        found = super().get_data()
        return [{**server, 'project_name': self._projects.get(
            server['tenant_id'], server['tenant_id'])} for server in found]

    def filters(self) -> dict[str, str]:
        chosen = super().filters()
        wanted = chosen.pop('project', None)
        if wanted:
            # NOTE: Nova filters by one project. Of several with the name in
            # different domains it is the first, the others need their id.
            ids = [key for key, name in self._projects.items()
                   if name == wanted]
            chosen['project_id'] = ids[0] if ids else wanted
        return chosen

    @functools.cached_property
    def _projects(self) -> dict[str, str]:
        """The names of the projects, by their ids."""
        try:
            projects, _more = api.keystone.tenant_list(self.request)
        except Exception:
            exceptions.handle(
                self.request, _('Unable to list the projects.'))
            return {}
        return {project.id: project.name for project in projects}


class ReasonView(views.ReasonView):
    """The form that gives a lock another reason."""

    namespace = 'horizon:admin:locks'
