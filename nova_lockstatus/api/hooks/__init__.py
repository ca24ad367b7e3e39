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

"""All that reaches into Nova, each hook with a check that proves it.

The hooks stay in the process once they are installed. They do nothing for a
request that did not come through the filter, so a pipeline without it behaves
as stock Nova.
"""

from collections.abc import Sequence

from nova_lockstatus.api import policy
from nova_lockstatus.api.hooks import api_routes
from nova_lockstatus.api.hooks import dispatch
from nova_lockstatus.api.hooks import extension_info
from nova_lockstatus.api.hooks import host_status_filter
from nova_lockstatus.api.hooks import hypervisor_filter
from nova_lockstatus.api.hooks import hypervisor_list
from nova_lockstatus.api.hooks import hypervisor_uptime
from nova_lockstatus.api.hooks import policy_cache
from nova_lockstatus.api.hooks import response_validation
from nova_lockstatus.api.hooks import search_condition
from nova_lockstatus.api.hooks import server_list
from nova_lockstatus.api.hooks import server_list_joins
from nova_lockstatus.api.hooks import server_list_parameters
from nova_lockstatus.api.hooks import server_lock
from nova_lockstatus.api.hooks import server_lock_bypass
from nova_lockstatus.api.hooks import server_lock_refusal
from nova_lockstatus.api.hooks import server_locks
from nova_lockstatus.api.hooks import server_locks_gate
from nova_lockstatus.api.hooks import server_locks_image
from nova_lockstatus.api.hooks import server_locks_others
from nova_lockstatus.api.hooks import server_move
from nova_lockstatus.api.hooks import server_paging
from nova_lockstatus.api.hooks import server_save
from nova_lockstatus.api.hooks import server_search
from nova_lockstatus.api.hooks import server_view
from nova_lockstatus.api.hooks import service_update
from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.api.hooks import state_lock_others
from nova_lockstatus.extensions import base as extensions_base
from nova_lockstatus.gateway import instance_attributes
from nova_lockstatus.gateway import requirements

HOOKS = (
    *api_routes.HOOKS,
    *dispatch.HOOKS,
    *extension_info.HOOKS,
    *service_update.HOOKS,
    *host_status_filter.HOOKS,
    *hypervisor_filter.HOOKS,
    *hypervisor_list.HOOKS,
    *hypervisor_uptime.HOOKS,
    *server_lock_bypass.HOOKS,
    *policy_cache.HOOKS,
    *search_condition.HOOKS,
    *server_list.HOOKS,
    *server_list_joins.HOOKS,
    *server_list_parameters.HOOKS,
    *server_lock.HOOKS,
    # Over those of server_lock, and before those of state_lock.
    *server_locks.HOOKS,
    *server_locks_gate.HOOKS,
    *server_locks_image.HOOKS,
    *server_locks_others.HOOKS,
    *server_move.HOOKS,
    *server_paging.HOOKS,
    *server_lock_refusal.HOOKS,
    *server_save.HOOKS,
    *server_search.HOOKS,
    *server_view.HOOKS,
    *state_lock.HOOKS,
    *state_lock_others.HOOKS,
)


def check() -> None:
    """Prove that the plugin fits the installed Nova.

    :raises UnsupportedNova: when that is older than the plugin supports
    :raises HookMismatch: when a hook does not fit
    """
    requirements.check_release()
    for hook in HOOKS:
        hook.check()


def install(extensions: Sequence[extensions_base.Extension]) -> None:
    """Connect extensions with Nova, or change nothing.

    :param extensions: the extensions of a pipeline that is being made
    :raises UnsupportedNova: when the installed Nova is too old
    :raises HookMismatch: when a hook does not fit it
    :raises BrokenExtension: when an extension names an attribute that an
        Instance does not have, a rule that nobody registers, or a rule that
        is registered differently, or an extension that it needs is missing
    :raises InvalidExemption: when the calls that are exempt from the lock of
        a server name one that Nova does not have
    """
    check()
    for extension in extensions:
        instance_attributes.check(extension)
    server_locks_gate.prepare(extensions)
    state_lock.prepare(extensions)
    policy.register(extensions)
    for hook in HOOKS:
        hook.install()


def install_speedups() -> None:
    """Make Nova's own work faster, where it is done in a known way."""
    response_validation.install()
