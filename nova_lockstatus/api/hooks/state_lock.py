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

"""Stops the calls that would change a locked server.

Nova has routed a call, parsed its body and checked both when it asks the
call's rule and reads the server. When it has done both, and before it acts,
the gate of the call decides: see ``nova_lockstatus/core/state_lock_gate.py``.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy.exc
import webob.exc
from nova.api.openstack.compute import routes
from nova.conf import CONF
from oslo_db import exception as db_exception

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import lock_bypass
from nova_lockstatus.api.hooks import state_lock_others
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.core import state_lock_gate
from nova_lockstatus.extensions import base as extensions_base
from nova_lockstatus.extensions import server_locks
from nova_lockstatus.extensions import server_state_lock
from nova_lockstatus.policies import server_state_lock as policies

ALIAS = server_state_lock.ServerStateLock.alias

# NOTE: how nova.api.openstack.ProjectMapper begins the routes with a project.
PROJECT = '/{project_id:'

# NOTE: up to some release, functions for a route of their own are marked like
# actions, with these names, and fail when they are called as one.
ROUTE_METHODS = ('create', 'delete', 'show', 'update')

UNREADABLE = ('It cannot be told whether the server is locked, so it is not '
              'changed. Please try again later.')

_DATABASE_ERRORS = (db_exception.DBError, db_exception.CantStartEngineError,
                    sqlalchemy.exc.SQLAlchemyError)


def calls() -> Iterator[tuple[str, str, str, Any]]:
    """Walk the table of routes of the installed Nova.

    :returns: the name of each call, its HTTP method, its path and the
        function of the controller that answers
    """
    # NOTE: ROUTE_LIST, of paths and {method: (partial of a main controller
    # and those with further actions, name of a function)}: since before
    # release 20.
    for path, methods in routes.ROUTE_LIST:
        if isinstance(methods, str):
            continue
        for method, (make, function) in methods.items():
            main, others = make.args
            functions = {name: getattr(controller, attribute)
                         for controller in (main, *others)
                         for name, attribute in getattr(
                             controller, 'wsgi_actions', {}).items()}
            if function == 'action' and not hasattr(main, function):
                for action, answers_it in functions.items():
                    if action not in ROUTE_METHODS:
                        yield action, method, path, answers_it
                continue
            yield (state_lock_calls.name(method, path, None), method, path,
                   getattr(main, function, functions.get(function)))


def prepare(extensions: Sequence[extensions_base.Extension]) -> None:
    """Tell the extension which calls are exempt.

    :param extensions: the extensions of a pipeline that is being made
    :raises InvalidExemption: when the option names what Nova does not have
    """
    for extension in extensions:
        if isinstance(extension, (server_state_lock.ServerStateLock,
                                  server_locks.ServerLocks)):
            extension.exempt = state_lock_calls.exempt(
                CONF.lockstatus.state_lock_exempt,
                {name for name, *_rest in calls()})


def make_gate(state: RequestState, call: str, request: Any
              ) -> state_lock_gate.LockGate | None:
    """Make the gate that a call has to pass.

    :param call: the name of the call
    :param request: Nova's Request, which has been routed
    :returns: the gate, None where the call changes no server
    """
    extension = state.pipeline.extensions.get(ALIAS)
    if not call or not isinstance(
            extension, server_state_lock.ServerStateLock):
        return None
    if state_lock_calls.kind(call) is not state_lock_calls.Kind.CHANGES:
        return None

    def may_bypass(server: Any) -> bool:
        return state.access.allows(policies.BYPASS, {
            'project_id': server.project_id, 'user_id': server.user_id})

    return state_lock_gate.LockGate(
        call in extension.exempt, may_bypass, state.body, functools.partial(
            state_lock_others.read_on_host, state, call, request),
        functools.partial(lock_bypass.use, state))


def name_call(resource: Any, method: Any, request: Any) -> str:
    """Name a call as ``core/state_lock_calls.py`` does.

    :param resource: Nova's Resource, which answers
    :param method: the method of its controller that it is going to call
    :param request: Nova's Request, which has been routed
    :returns: the name, an empty one for the documents of the API's versions
    """
    if 'routes.route' not in request.environ:
        # NOTE: only those documents are not routed.
        return ''
    # NOTE: RoutesMiddleware leaves the route and what it matched there, and
    # a Resource looks the function of an action up in its wsgi_actions: since
    # before release 20. The route's method counts, not the request's: a GET
    # with ?_method=DELETE is routed as a DELETE, and stays a GET.
    route = request.environ['routes.route']
    [http_method] = route.conditions['method']
    path = route.routepath
    if path.startswith(PROJECT):
        path = path[path.index('}') + 1:]
    _unnamed, matched = request.environ['wsgiorg.routing_args']
    action = None
    if matched.get('action') == 'action':
        action = next((name for name, function in resource.wsgi_actions.items()
                       if function is method), None)
    return state_lock_calls.name(http_method, path, action)


def unreadable(state: RequestState, error: BaseException
               ) -> webob.exc.HTTPServiceUnavailable | None:
    """Refuse a call where nobody knows whether the server is locked.

    :returns: the response, None where the call failed for another reason
    """
    gate = state.blocking_gate
    unread = isinstance(error, state_lock_gate.LockUnreadable) or (
        gate is not None and not gate.has_read and _is_of_database(error))
    if not unread:
        return None
    return webob.exc.HTTPServiceUnavailable(explanation=UNREADABLE)


def _is_of_database(error: BaseException | None) -> bool:
    """Look for an error of a database in what an error came from."""
    while error is not None:
        if isinstance(error, _DATABASE_ERRORS):
            return True
        error = error.__cause__ or error.__context__
    return False


def _can(original: Callable[..., Any], state: RequestState, context: Any,
         action: str, target: Any = None, fatal: bool = True) -> Any:
    result = original(context, action, target, fatal)
    if fatal and state.state_lock is not None:
        state.state_lock.passed(action)
    return result


# NOTE: all of Nova's controllers ask their rule with can(), and fatal, since
# before release 20; what else they ask is not fatal or comes later.
HOOKS = (
    Hook('nova.context:RequestContext', 'can',
         ('self', 'action', 'target', 'fatal'), _can, alias=ALIAS,
         relies_on=('nova.api.openstack.compute.routes:ROUTE_LIST',)),
)
