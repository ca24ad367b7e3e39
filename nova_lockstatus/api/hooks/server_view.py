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

"""Remembers each server that Nova's view shows in full."""

from collections.abc import Callable, Sequence
from typing import Any

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import server_list_joins
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.gateway import instance_attributes

VIEW = 'nova.api.openstack.compute.views.servers:ViewBuilder'


def _show(original: Callable[..., Any], view: Any, request: Any, instance: Any,
          *args: Any, **kwargs: Any) -> Any:
    result = original(view, request, instance, *args, **kwargs)
    state = CURRENT.get()
    if state is not None:
        state.servers.add(result['server'], instance)
    return result


def _get_show_expected_attrs(original: Callable[..., Any], view: Any,
                             expected_attrs: Sequence[str] | None = None
                             ) -> Any:
    state = CURRENT.get()
    if state is not None:
        lazy = instance_attributes.lazy(state.pipeline.instance_attributes)
        if state.pipeline.reads_host_status and not state.is_list:
            # Of a list, server_list.py reads no more than the state.
            lazy.add('services')
        expected_attrs = sorted(server_list_joins.take_over(
            state, lazy.union(expected_attrs or ())))
    return original(view, expected_attrs)


# NOTE: GET, PUT and rebuild of a server call show(), and the detailed list
# calls it for each of its servers, since before release 20. The methods are
# wrapped in their class, not in a subclass that the controllers are given:
# paste builds the controllers of a [pipeline:] section before its filters.
HOOKS = (
    Hook(VIEW, 'show', ('self', 'request', 'instance'), _show),
    Hook(VIEW, 'get_show_expected_attrs', ('self', 'expected_attrs'),
         _get_show_expected_attrs),
)
