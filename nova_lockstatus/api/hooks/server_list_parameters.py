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

"""The query parameters by which a list of servers shows further fields.

Nova refuses parameters that it does not know from microversion 2.75 on, and
ignores them below. These are taken out of the query before Nova's schema sees
it, and put back for the link to the next page.
"""

from collections.abc import Callable
from typing import Any

import webob.exc
from oslo_utils import strutils

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.utils import terminal

CONTROLLER = 'nova.api.openstack.compute.servers:ServersController'
VIEW = 'nova.api.openstack.compute.views.servers:ViewBuilder'


def _detail(original: Callable[..., Any], controller: Any, req: Any,
            *args: Any, **kwargs: Any) -> Any:
    state = CURRENT.get()
    if state is not None:
        _take_out(state, req)
    return original(controller, req, *args, **kwargs)


def _take_out(state: RequestState, req: Any) -> None:
    """Take the parameters out of the query, and keep what they ask for.

    :raises webob.exc.HTTPBadRequest: when one is not a boolean
    """
    known = state.pipeline.list_parameters
    given = [(name, value) for name, value in state.parameters
             if name in known]
    if not given:
        return
    context = state.context
    if not state.access.allows_extra_keys({
            'project_id': context.project_id, 'user_id': context.user_id}):
        # Nova decides about it as if there were no plugin.
        return
    asked: set[str] = set()
    for name, value in given:
        try:
            # The last one counts.
            (asked.add if strutils.bool_from_string(value, strict=True)
             else asked.discard)(name)
        except ValueError as error:
            raise webob.exc.HTTPBadRequest(explanation=(
                'Invalid input for query parameters %s. Value: %s. It is not '
                'a boolean.' % (name, terminal.one_line(value)))) from error
    for name in {name for name, _value in given}:
        del req.GET[name]
    state.access = state.access._replace(list_parameters=frozenset(asked))


def _view(original: Callable[..., Any], view: Any, request: Any,
          *args: Any, **kwargs: Any) -> Any:
    state = CURRENT.get()
    if state is not None:
        for name in sorted(state.access.list_parameters):
            request.GET.add(name, 'true')
    return original(view, request, *args, **kwargs)


# NOTE: the controller's detail() carries the query schemas as decorators; the
# view's detail() makes the link to the next page of the request's query. Both
# since before release 20.
HOOKS = (
    Hook(CONTROLLER, 'detail', ('self', 'req'), _detail),
    Hook(VIEW, 'detail', ('self', 'request', 'instances'), _view),
)
