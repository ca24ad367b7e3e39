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


"""The table of compute hosts."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from django import shortcuts
from django import urls
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import tables

from nova_lockstatus.dashboard import cells
from nova_lockstatus.dashboard import feedback
from nova_lockstatus.dashboard import hosts
from nova_lockstatus.dashboard import servers
from nova_lockstatus.dashboard.compute import ComputeClient

_RULES = (('compute', 'os_compute_api:os-services:update'),)


class _ChangeHosts(tables.BatchAction):
    """Changes the service of each host, after a confirmation."""

    # NOTE: Horizon asks for a confirmation of dangerous actions alone.
    action_type = 'danger'
    policy_rules = _RULES

    def change(self, client: ComputeClient) -> Callable[[str], None]:
        """Return the function that changes the service with an id."""
        raise NotImplementedError

    def handle(self, table: Any, request: Any, obj_ids: Sequence[str]) -> Any:
        """Change the services, and tell what became of each host."""
        names = {service_id: table.get_object_by_id(service_id).name
                 for service_id in obj_ids}
        action = {'action': self.action_past(len(obj_ids))}
        feedback.report(
            request, servers.run_each(
                self.change(ComputeClient(request)), obj_ids), names,
            _now('%(action)s: ') % action + '%(servers)s',
            _now('Unable to change %(server)s: %(error)s'))
        return shortcuts.redirect(self.get_success_url(request))

    @staticmethod
    def action_past(count: int) -> Any:
        raise NotImplementedError


class ForceDown(_ChangeHosts):
    """Says that hosts are down."""

    name = 'force_down'
    icon = 'power-off'
    help_text = _(
        'Its servers are shown as DOWN, and can be evacuated. Make sure that '
        'the host is really off: a server that runs twice destroys its disk.')

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy('Force Host Down', 'Force Hosts Down', count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy(
            'Forced Host Down', 'Forced Hosts Down', count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or not datum.forced_down

    def change(self, client: ComputeClient) -> Callable[[str], None]:
        return functools.partial(hosts.force_down, client, value=True)


class UnforceDown(_ChangeHosts):
    """Takes back that hosts are down."""

    name = 'unforce_down'
    icon = 'undo'
    help_text = _('The status is again what nova-compute reports.')

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy('Unforce Host Down', 'Unforce Hosts Down', count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy(
            'Unforced Host Down', 'Unforced Hosts Down', count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or bool(datum.forced_down)

    def change(self, client: ComputeClient) -> Callable[[str], None]:
        return functools.partial(hosts.force_down, client, value=False)


class Enable(_ChangeHosts):
    """Lets servers be started on hosts."""

    name = 'enable'
    icon = 'check'
    help_text = _('New servers can be started there.')

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy('Enable Host', 'Enable Hosts', count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy('Enabled Host', 'Enabled Hosts', count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or datum.status == 'disabled'

    def change(self, client: ComputeClient) -> Callable[[str], None]:
        return functools.partial(hosts.enable, client)


class Disable(tables.LinkAction):
    """Opens the form that disables a host."""

    name = 'disable'
    verbose_name = _('Disable Host')
    classes = ('ajax-modal',)
    icon = 'ban'
    policy_rules = _RULES

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return bool(datum.status == 'enabled')

    def get_link_url(self, datum: Any = None) -> str:
        url: str = urls.reverse('horizon:admin:host_status:disable',
                                args=[datum.service_id, datum.name])
        return url


class HostFilter(tables.FilterAction):
    """Filters the hosts of the page by name or status, in the browser."""

    name = 'host_filter'


class HostsTable(tables.DataTable):
    """Compute hosts, with their status and the number of their servers."""

    name = tables.Column('name', verbose_name=_('Host'))
    host_status = tables.Column(
        'host_status', verbose_name=_('Host Status'),
        filters=(cells.host_status,))
    state = tables.Column('state', verbose_name=_('State'))
    status = tables.Column('status', verbose_name=_('Status'))
    disabled_reason = tables.Column(
        'disabled_reason', verbose_name=_('Disabled Reason'),
        filters=(cells.text_from_outside,))
    forced_down = tables.Column(
        'forced_down', verbose_name=_('Forced Down'), filters=(cells.yes_no,))
    servers = tables.Column(
        'servers', verbose_name=_('Servers'), summation='sum')

    def get_object_id(self, datum: Any) -> str:
        service_id: str = datum.service_id
        return service_id

    class Meta:
        name = 'hosts'
        verbose_name = _('Hosts')
        table_actions = (HostFilter, Enable, ForceDown, UnforceDown)
        row_actions = (Disable, Enable, ForceDown, UnforceDown)
