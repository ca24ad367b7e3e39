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


"""The table of the locked servers of all projects."""

from django.utils.translation import gettext_lazy as _
from horizon import tables

from nova_lockstatus.dashboard.locks import tables as lock_tables


class AdminLockFilter(lock_tables.LockFilter):
    """Filters by the project, too."""

    filter_choices = (
        ('project', _('Project Name or ID ='), True),
        ('name', _('Server Name ='), True),
        ('locked_by', _('Locked By (project or administrator) ='), True),
        ('host', _('Host ='), True),
        ('host_status', _('Host Status ='), True),
    )


class AdminLocksTable(lock_tables.LocksTable):
    """Locked servers, with project, user and host."""

    namespace = 'horizon:admin:locks'

    project = tables.Column('project_name', verbose_name=_('Project'))
    name = tables.WrappingColumn(
        'name', verbose_name=_('Server Name'),
        link='horizon:admin:instances:detail')
    user = tables.WrappingColumn(
        'locked_by_user_id', verbose_name=_('User ID'),
        help_text=_('Who gave the lock its present form.'))
    host = tables.Column(
        'OS-EXT-SRV-ATTR:host', verbose_name=_('Host'))

    class Meta:
        name = 'locks'
        verbose_name = _('Locks')
        columns = ('project', 'name', 'locked_by', 'user', 'locked_reason',
                   'locked_at', 'host', 'host_status')
        table_actions = (AdminLockFilter, lock_tables.UnlockServers)
        row_actions = (lock_tables.ChangeReason, lock_tables.UnlockServers)
