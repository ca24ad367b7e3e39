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


"""The views of locks, which the panels of both dashboards share."""

from typing import Any

from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import forms
from horizon import tables
from horizon.utils import functions

from nova_lockstatus.dashboard import servers
from nova_lockstatus.dashboard.compute import ComputeClient
from nova_lockstatus.dashboard.compute import ComputeError
from nova_lockstatus.dashboard.locks import forms as lock_forms
from nova_lockstatus.dashboard.locks import tables as lock_tables

# What a user may write for a value of the API.
_WORDS = {
    'locked': {_('yes'): 'true', _('no'): 'false'},
    'locked_by': {_('project'): 'owner', _('administrator'): 'admin'},
}


class IndexView(tables.PagedTableMixin, tables.DataTableView):
    """A page of servers, those that are locked first."""

    table_class = lock_tables.LocksTable
    page_title = _('Locks')
    order = servers.LOCKED_FIRST
    fixed_filters: dict[str, str] = {}

    def get_data(self) -> list[servers.Server]:
        marker, direction = self._get_marker()
        place = servers.Place(
            functions.get_page_size(self.request), self.order, marker,
            backwards=direction == 'asc')
        try:
            page = servers.list_page(
                ComputeClient(self.request), place, **self.filters())
        except ComputeError as exc:
            exceptions.handle(
                self.request, _('Unable to list the servers: %s') % exc)
            page = servers.Page()
        self._has_more_data = page.has_more
        self._has_prev_data = page.has_prev
        return page.servers

    def filters(self) -> dict[str, str]:
        """Return the parameters of the API that filter the servers."""
        chosen = self.get_filters({}, _WORDS)
        if 'host_status' in chosen:
            chosen['host_status'] = chosen['host_status'].upper()
        return {**chosen, **self.fixed_filters}

    def handle_table(self, table: Any) -> Any:
        handled = super().handle_table(table)
        self.table.hide_unknown_columns()
        return handled


class LockView(forms.ModalFormView):
    """The form that locks one server."""

    form_class = lock_forms.LockForm
    form_id = 'lock_form'
    modal_id = 'lock_modal'
    modal_header = page_title = _('Lock Server')
    submit_label = _('Lock')
    template_name = 'lockstatus/lock.html'
    namespace = 'horizon:project:locks'
    url_name = 'lock'

    @property
    def success_url(self) -> str:
        """The list that the form is reached from."""
        url: str = urls.reverse(self.namespace + ':index')
        return url

    @property
    def submit_url(self) -> str:
        """The form itself."""
        url: str = urls.reverse('%s:%s' % (self.namespace, self.url_name),
                                kwargs=self.kwargs)
        return url

    def get_initial(self) -> dict[str, Any]:
        try:
            server = servers.show(ComputeClient(self.request),
                                  str(self.kwargs['server_id']))
        except ComputeError as exc:
            exceptions.handle(
                self.request, _('Unable to show the server: %s') % exc,
                redirect=self.success_url)
        return {'servers': {server['id']: server.get('name')},
                'reason': server.get('locked_reason') or ''}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        form = context['form']
        context['most_characters'] = lock_forms.MOST_CHARACTERS
        context['characters'] = len(form['reason'].value() or '')
        if not form.is_bound:
            context['server_names'] = [
                name or server_id
                for server_id, name in form.initial['servers'].items()]
        return context


class ReasonView(LockView):
    """The form that gives a lock another reason."""

    form_class = lock_forms.ReasonForm
    modal_header = page_title = _('Change Reason')
    submit_label = _('Change')
    url_name = 'reason'


class LockManyView(LockView):
    """The form that locks the servers that were ticked."""

    modal_header = page_title = _('Lock Servers')
    url_name = 'lock_many'

    def get_initial(self) -> dict[str, Any]:
        return {'servers': self.request.session.get(lock_tables.CHOSEN, {})}
