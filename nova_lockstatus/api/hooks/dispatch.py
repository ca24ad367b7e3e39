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

"""Frames Nova's work on a request, and merges the fields at its end."""

import functools
from collections.abc import Callable
from typing import Any

from nova.api.openstack import api_version_request

from nova_lockstatus.api import locks_over
from nova_lockstatus.api import pipeline as pipelines
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import hypervisor_filter
from nova_lockstatus.api.hooks import server_list
from nova_lockstatus.api.hooks import server_lock
from nova_lockstatus.api.hooks import server_lock_refusal
from nova_lockstatus.api.hooks import server_locks_body
from nova_lockstatus.api.hooks import server_locks_gate
from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import bypass_reason
from nova_lockstatus.core.state_lock_gate import CallBlocked


def _dispatch(original: Callable[..., Any], resource: Any, method: Any,
              request: Any, action_args: dict[str, Any]) -> Any:
    pipeline = request.environ.get(pipelines.ENVIRON)
    if pipeline is None:
        return original(resource, method, request, action_args)
    state = RequestState(
        pipeline, getattr(method, '__name__', ''),
        context=request.environ.get('nova.context'),
        body=action_args.get('body'), parameters=_parameters(request),
        # NOTE: the name of is_supported's second parameter changed.
        supports=functools.partial(api_version_request.is_supported, request))
    state.lock_bypass.header = request.headers.get(bypass_reason.HEADER)
    call = state_lock.name_call(resource, method, request)
    state.state_lock = state_lock.make_gate(state, call, request)
    state.server_locks = server_locks_gate.make_gate(state, call, request)
    server_locks_body.take_out(state, call, action_args)
    hypervisor_filter.take_out(state, resource.controller, request)
    token = CURRENT.set(state)
    try:
        result = original(resource, method, request, action_args)
    except (Exception, CallBlocked) as error:
        refusal = (server_lock_refusal.explain(state, error)
                   or state_lock.unreadable(state, error)
                   or server_lock.refusal(error))
        if refusal is None:
            raise
        raise refusal from error
    finally:
        CURRENT.reset(token)
        if state.on_close is not None:
            request.environ[pipelines.ON_CLOSE] = state.on_close
    _complete(state)
    return result


def _parameters(request: Any) -> list[tuple[str, str]]:
    # NOTE: by webob, as Nova reads them, which takes a ";" between two, too.
    # Nova's query schemas take out of them what they do not know.
    try:
        return list(request.GET.items())
    except UnicodeDecodeError:
        # Nova refuses such a query, or lets the call fail.
        return []


def _complete(state: RequestState) -> None:
    try:
        server_list.read(state)
    except Exception as error:
        state.servers.add_unread(state.servers.cells, error)
    locks_over.read_shown(state)
    state.merge()


# NOTE: Resource._process_stack calls dispatch() with these three, since before
# release 20, after it has routed the request and parsed its body. The response
# is validated inside of it, in the controller method's decorators (release 30
# and later), and made into JSON after it: what is merged here reaches the
# client and no schema.
HOOKS = (
    Hook(
        'nova.api.openstack.wsgi:Resource', 'dispatch',
        ('self', 'method', 'request', 'action_args'),
        _dispatch,
        relies_on=('nova.api.openstack.api_version_request:is_supported',
                   'nova.context:RequestContext.can')),
)
