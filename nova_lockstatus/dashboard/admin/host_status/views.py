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

from typing import Any

from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import forms
from horizon import tables

from nova_lockstatus.dashboard import cells
from nova_lockstatus.dashboard import hosts
from nova_lockstatus.dashboard.admin.host_status import forms as host_forms
from nova_lockstatus.dashboard.admin.host_status import tables as host_tables
from nova_lockstatus.dashboard.compute import ComputeClient
from nova_lockstatus.dashboard.compute import ComputeError


class IndexView(tables.DataTableView):
    """All compute hosts, and a bar of the servers by the hosts' status."""

    table_class = host_tables.HostsTable
    template_name = 'lockstatus/hosts.html'
    page_title = _('Host Status')

    def get_data(self) -> list[hosts.Host]:
        try:
            return hosts.list_hosts(ComputeClient(self.request))
        except ComputeError as exc:
            exceptions.handle(
                self.request, _('Unable to list the hosts: %s') % exc)
            return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        counts = hosts.count_servers(list(self.table.data or ()))
        total = sum(counts.values())
        context['total'] = total
        context['parts'] = [{
            'status': status, 'count': count,
            'class': cells.HOST_STATUS_CLASSES[status],
            # NOTE: a stylesheet has a point in numbers in every language.
            'width': '%.3f' % (100 * count / total),
        } for status, count in counts.items() if count]
        return context


class DisableView(forms.ModalFormView):
    """The form that disables a host."""

    form_class = host_forms.DisableForm
    form_id = 'disable_form'
    modal_id = 'disable_modal'
    modal_header = page_title = _('Disable Host')
    submit_label = _('Disable')
    template_name = 'lockstatus/disable.html'
    success_url = urls.reverse_lazy('horizon:admin:host_status:index')

    @property
    def submit_url(self) -> str:
        """The form itself."""
        url: str = urls.reverse('horizon:admin:host_status:disable',
                                kwargs=self.kwargs)
        return url

    def get_initial(self) -> dict[str, Any]:
        return {'service_id': str(self.kwargs['service_id']),
                'host': self.kwargs['host']}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs),
                'host': self.kwargs['host']}
