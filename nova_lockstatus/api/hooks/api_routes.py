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

"""Serves the calls that extensions answer beside Nova's own.

Nova's router looks a path up in its table first. What it does not find there
is looked up in the table of the pipeline, if the filter is in it. So it makes
no difference whether Nova made its router before the filter or after it, and
a pipeline without the extension answers as stock Nova.
"""

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any

from nova import exception as nova_exception
from nova.api import openstack
from nova.api.openstack import common
from nova.api.openstack import wsgi
from nova.api.openstack.compute import routes as nova_routes
from nova.api.validation import validators
from nova.conf import CONF

from nova_lockstatus import exception
from nova_lockstatus.api import pipeline as pipelines
from nova_lockstatus.api import policy_cache
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions.route import ApiRequest
from nova_lockstatus.extensions.route import Route

METHODS = ('GET', 'POST', 'PUT', 'DELETE')


class _Controller:
    """Answers the calls of one route, as Nova's Resource calls it."""

    def __init__(self, route: Route, function: Callable[[ApiRequest], Any]
                 ) -> None:
        self._route = route
        self._function = function
        self._body = (None if route.body is None
                      else validators._SchemaValidator(route.body))
        self._query = validators._SchemaValidator({
            'type': 'object', 'additionalProperties': False,
            'properties': {key: {'type': 'array', 'items': schema,
                                 'maxItems': 1}
                           for key, schema in route.query.items()},
        }, is_body=False)

    def answer(self, req: Any, body: Any = None, **path: str) -> Any:
        """Check a request and have it answered."""
        context = req.environ['nova.context']
        context.can(self._route.rule, {'project_id': context.project_id,
                                       'user_id': context.user_id})
        query = self._checked_query(req)
        if self._body is not None:
            _check(self._body, body, 'body')
        return wsgi.ResponseObject(
            self._function(ApiRequest(
                context=context, path=path, body=body, query=query,
                may=policy_cache.PolicyCache(context).may,
                next_link=functools.partial(_next_link, req), conf=CONF)),
            code=self._route.status)

    def _checked_query(self, req: Any) -> dict[str, str]:
        try:
            query = req.GET.dict_of_lists()
        except UnicodeDecodeError as error:
            raise nova_exception.ValidationError(
                detail='Query string is not UTF-8 encoded') from error
        _check(self._query, query, 'query')
        return {key: value for key, [value] in query.items()}


def _check(validator: Any, value: Any, what: str) -> None:
    try:
        validator.validate(value)
    except RecursionError as error:
        # The validator puts all of a value into its words.
        raise nova_exception.ValidationError(
            detail='Invalid input for the %s. It is nested too deeply.'
                   % what) from error


def _next_link(req: Any, path: str, marker: str) -> str:
    link: str = common.ViewBuilder()._get_next_link(
        req, marker, path.lstrip('/'))
    return link


def make_mapper(extensions: Sequence[base.Extension]) -> Any:
    """Make the table of the routes of a pipeline's extensions.

    :param extensions: the extensions, the first of which wins
    :returns: a mapper as Nova's router has one, None without routes
    :raises BrokenExtension: when a route cannot be served
    """
    mapper = openstack.ProjectMapper()
    taken = {_name(method, path) for path, methods in nova_routes.ROUTE_LIST
             if not isinstance(methods, str) for method in methods}
    routes = [(extension, route) for extension in extensions
              for route in extension.routes]
    for extension, route in routes:
        name = _name(route.method, route.path)
        if route.method not in METHODS or not route.path.startswith('/'):
            _refuse(extension, name, 'is no method and path')
        if name in taken:
            _refuse(extension, name, 'is there already')
        taken.add(name)
        mapper.create_route(
            route.path, route.method,
            wsgi.Resource(_Controller(route, _load(extension, route))),
            'answer')
    return mapper if routes else None


def _name(method: str, path: str) -> str:
    return state_lock_calls.name(method, path, None)


def _load(extension: base.Extension, route: Route
          ) -> Callable[[ApiRequest], Any]:
    module, _, name = route.function.partition(':')
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise exception.BrokenExtension(
            alias=extension.alias, problem="'%s' cannot be imported: %s" % (
                route.function, error)) from error
    if not callable(function):
        _refuse(extension, route.function, 'is no function')
    found: Callable[[ApiRequest], Any] = function
    return found


def _refuse(extension: base.Extension, name: str, problem: str) -> None:
    raise exception.BrokenExtension(
        alias=extension.alias, problem="its route '%s' %s" % (name, problem))


def _routematch(original: Callable[..., Any], mapper: Any,
                url: str | None = None, environ: Any = None) -> Any:
    result = original(mapper, url, environ)
    if result is not None and result[0] is not None:
        return result
    # NOTE: Routes gives the environ to the mapper, and no argument.
    pipeline = (environ or mapper.environ or {}).get(pipelines.ENVIRON)
    if (pipeline is None or pipeline.routes is None
            or pipeline.routes is mapper):
        return result
    return pipeline.routes.routematch(
        url, environ or mapper.environ) or result


# NOTE: Nova's routers have an APIMapper, which RoutesMiddleware asks with
# routematch(), and Router._dispatch() calls the "controller" of what it
# returns; a Resource calls the method of its controller with the name of
# "action": all since before release 20.
HOOKS = (
    Hook('nova.api.openstack:APIMapper', 'routematch',
         ('self', 'url', 'environ'), _routematch,
         relies_on=('nova.api.openstack:ProjectMapper.create_route',
                    'nova.api.openstack.common:ViewBuilder._get_next_link',
                    'nova.api.openstack.compute.routes:ROUTE_LIST',
                    'nova.api.openstack.wsgi:Resource',
                    'nova.api.openstack.wsgi:ResponseObject',
                    'nova.api.validation.validators:_SchemaValidator')),
)
