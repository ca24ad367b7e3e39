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


"""The table of servers with their locks."""

from collections.abc import Sequence
from typing import Any

from django import shortcuts
from django import urls
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import tables
from openstack_dashboard import policy

from nova_lockstatus.dashboard import cells
from nova_lockstatus.dashboard import feedback
from nova_lockstatus.dashboard import servers
from nova_lockstatus.dashboard.compute import ComputeClient

CHOSEN = 'nova_lockstatus_chosen_servers'
"""The key in the session of the servers that are to be locked."""

_LOCK_RULES = (('compute', 'os_compute_api:os-lock-server:lock'),)
_UNLOCK_RULES = (('compute', 'os_compute_api:os-lock-server:unlock'),)
_HOST_STATUS_RULES = (
    ('compute', 'os_compute_api:servers:show:host_status'),)


class _ServerAction(policy.PolicyTargetMixin):
    """An action whose policy is asked for the project of the server."""

    def get_policy_target(self, request: Any, datum: Any = None
                          ) -> dict[str, Any]:
        return {'project_id': datum['tenant_id'] if datum
                else request.user.tenant_id}


class _LockLink(_ServerAction, tables.LinkAction):
    """A link to the form of one server."""

    classes = ('ajax-modal',)
    icon = 'lock'
    policy_rules = _LOCK_RULES

    def get_link_url(self, datum: Any = None) -> str:
        url: str = urls.reverse(
            '%s:%s' % (self.table.namespace, self.name), args=[datum['id']])
        return url


class LockServer(_LockLink):
    """Opens the form that locks a server."""

    name = 'lock'
    verbose_name = _('Lock Server')

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return not datum.get('locked')


class ChangeReason(_LockLink):
    """Opens the form that gives a lock another reason."""

    name = 'reason'
    verbose_name = _('Change Reason')
    icon = 'pencil'

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return bool(datum.get('locked')) and not servers.held_by_other(
            datum, request.user.tenant_id)


class LockServers(_ServerAction, tables.Action):
    """Leads to the form that locks the servers that are ticked."""

    name = 'lock_many'
    verbose_name = _('Lock Servers')
    verbose_name_plural = _('Lock Servers')
    icon = 'lock'
    policy_rules = _LOCK_RULES

    def handle(
        self, table: Any, request: Any, object_ids: Sequence[str],
    ) -> Any:
        """Redirect to the form."""
        request.session[CHOSEN] = {
            server_id: table.get_object_display(
                table.get_object_by_id(server_id)) or server_id
            for server_id in object_ids}
        return shortcuts.redirect(table.namespace + ':lock_many')


class UnlockServers(_ServerAction, tables.BatchAction):
    """Unlocks a server, or those that are ticked."""

    name = 'unlock'
    icon = 'unlock'
    policy_rules = _UNLOCK_RULES
    help_text = _('The reason of the lock is deleted.')

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy('Unlock Server', 'Unlock Servers', count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy('Unlocked Server', 'Unlocked Servers', count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or datum.get('locked') is not False

    def handle(self, table: Any, request: Any, obj_ids: Sequence[str]) -> Any:
        """Unlock the servers, and tell what became of each."""
        names = {server_id: table.get_object_display(
                     table.get_object_by_id(server_id))
                 for server_id in obj_ids}
        feedback.report(
            request, servers.run_each(
                servers.unlock(ComputeClient(request)), obj_ids),
            names, _now('Unlocked: %(servers)s'),
            _now('Unable to unlock %(server)s: %(error)s'))
        return shortcuts.redirect(self.get_success_url(request))


class LockFilter(tables.FilterAction):
    """Filters by what the compute API can filter by."""

    name = 'lock_filter'
    filter_type = 'server'
    filter_choices: tuple[tuple[str, Any, bool], ...] = (
        ('name', _('Server Name ='), True),
        ('locked', _('Locked (yes or no) ='), True),
        ('locked_by', _('Locked By (project or administrator) ='), True),
        ('host_status', _('Host Status ='), True),
    )

    def get_select_options(self) -> Any:
        # NOTE: Nova ignores the filter for whom it does not show the status.
        options = super().get_select_options()
        if policy.check(_HOST_STATUS_RULES, self.table.request):
            return options
        return [option for option in options if option[0] != 'host_status']


class LocksTable(tables.DataTable):
    """Servers, with who locked them, why and since when."""

    namespace = 'horizon:project:locks'
    # Columns of what the cloud does not show to everybody.
    optional = ('host_status', 'locked_reason', 'locked_by', 'locked_at')

    name = tables.WrappingColumn(
        'name', verbose_name=_('Server Name'),
        link='horizon:project:instances:detail')
    locked = tables.Column(
        'locked', verbose_name=_('Locked'), filters=(cells.locked,))
    locked_by = tables.Column(
        'locked_by', verbose_name=_('Locked By'), filters=(cells.holder,))
    locked_reason = tables.Column(
        'locked_reason', verbose_name=_('Reason'),
        filters=(cells.text_from_outside,))
    locked_at = tables.Column(
        'locked_at', verbose_name=_('Locked For'), filters=(cells.age,),
        attrs={'data-type': 'timesince'})
    host_status = tables.Column(
        'host_status', verbose_name=_('Host Status'),
        filters=(cells.host_status,))

    def get_object_id(self, datum: Any) -> str:
        server_id: str = datum['id']
        return server_id

    def get_object_display(self, datum: Any) -> str:
        # NOTE: Nova has no name of a server in a cell that is down.
        return datum.get('name') or self.get_object_id(datum)

    def hide_unknown_columns(self) -> None:
        """Leave out the columns of what the cloud does not show the user."""
        for key in self.optional:
            if not any(key in server for server in self.data):
                self.columns.pop(key, None)

    class Meta:
        name = 'locks'
        verbose_name = _('Locks')
        table_actions = (LockFilter, LockServers, UnlockServers)
        row_actions = (LockServer, ChangeReason, UnlockServers)
