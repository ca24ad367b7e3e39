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

"""Nova's API in a process of its own, to be timed from another one.

Reads orders from its standard input, one JSON object a line, and writes what
came of each as a line of JSON. The process has stock Nova, or Nova with the
plugin: the hooks are in the whole process.
"""

import gc
import json
import logging
import os
import statistics
import sys
import time

# NOTE: before Nova is imported: it must not be patched by eventlet.
from nova_lockstatus.tests.integration import worker as api  # isort:skip

import webob
from nova.api.openstack import api_version_request
from nova.api.openstack import wsgi
from nova.conf import CONF
from nova.db.api import api as api_db
from nova.db.main import api as main_db
from nova.network import security_group_api

from nova_lockstatus import filter as lockstatus_filter
from nova_lockstatus.api import pipeline
from nova_lockstatus.core import response_validation
from nova_lockstatus.tests.bench import statements
from nova_lockstatus.tests.integration import database

STOCK = 'stock'
PLUGIN = 'plugin'

SHARE_ROUNDS = 5000
SHARE_REPEATS = 9


def load_app(kind):
    """Load Nova's API.

    :param kind: PLUGIN, or STOCK for a process that the plugin never touches
    :returns: the WSGI application
    """
    return api.load_app(('v2', 'v2.1') if kind == PLUGIN else ())


def groups(context, servers, detailed=False):
    """Stand in for Neutron, which Nova asks once for all servers."""
    return {server['id']: [{'name': 'default'}] for server in servers}


def deeper(frames, function, *args):
    """Call a function with further frames on the stack."""
    if frames:
        return deeper(frames - 1, function, *args)
    return function(*args)


def ask(app, path, microversion, depth=0):
    """Make a call as an administrator.

    :param app: the WSGI application
    :param path: the path behind /v2.1
    :param microversion: the microversion
    :param depth: how many further frames to have on the stack
    :returns: how long it took and how much of that this process worked, in
        seconds, and the webob.Response
    """
    request = webob.Request.blank('/v2.1' + path)
    request.headers.update({
        'X-Auth-Token': 'admin', 'Accept': 'application/json',
        'OpenStack-API-Version': 'compute ' + microversion})
    # What earlier calls left behind is not this one's to clear away.
    gc.collect()
    start, worked = time.perf_counter(), time.process_time()
    answer = deeper(depth, request.get_response, app)
    length = len(answer.body)
    seconds, work = time.perf_counter() - start, time.process_time() - worked
    if answer.status_code != 200 or not length:
        raise RuntimeError('%s at %s: %s' % (path, microversion, answer))
    return seconds, work, answer


def check(app, path, microversion):
    """Make a call whose answer must be valid.

    An answer that is not stops the validation where it is not, which would be
    measured then.

    :raises RuntimeError: when Nova's schema refuses the answer
    """
    # NOTE: since release 30.
    known = 'response_validation' in CONF.api
    if known:
        CONF.set_override('response_validation', 'error', 'api')
    ask(app, path, microversion)
    if known:
        CONF.clear_override('response_validation', 'api')


def look(app, path, microversion, key):
    """Make a call, and return what it costs the database and what it gives."""
    with statements.counted() as counts:
        answer = ask(app, path, microversion)[-1]
    found = answer.json[key]
    items = found if isinstance(found, list) else [found]
    return {**counts, 'bytes': len(answer.body), 'items': len(items),
            'keys': sorted(set().union(*items))}


def microseconds(function, *args):
    """Tell how long a function takes, without garbage that is not its own."""
    rounds = []
    for _ in range(SHARE_REPEATS):
        start = time.perf_counter()
        for _ in range(SHARE_ROUNDS):
            function(*args)
        rounds.append((time.perf_counter() - start) / SHARE_ROUNDS)
    return statistics.median(rounds) * 1e6


class Idle:
    """A controller whose method does nothing."""

    def detail(self, req):
        return None


def share(app):
    """Tell what the plugin takes of a request that it has no part in.

    :param app: Nova with the plugin
    :returns: microseconds of the filter, around an application that does
        nothing, and of its frame around a controller's method that does
        nothing
    """
    def application(environ, start_response):
        return ()

    resource, request = dispatched(app, '/flavors/detail')
    filtered = lockstatus_filter.filter_factory(None)(application)
    dispatch = wsgi.Resource.dispatch
    frame = resource, Idle().detail, request, {}
    return {
        'filter_us': (
            microseconds(filtered, request.environ, None)
            - microseconds(application, request.environ, None)),
        'dispatch_us': (microseconds(dispatch, *frame)
                        - microseconds(dispatch.__wrapped__, *frame))}


def dispatched(app, path):
    """Make a call, and tell what Nova dispatched.

    :param app: the WSGI application
    :param path: the path
    :returns: Nova's resource and request
    """
    seen = []
    dispatch = wsgi.Resource.dispatch

    def remember(resource, method, request, action_args):
        seen.append((resource, request))
        return dispatch(resource, method, request, action_args)

    wsgi.Resource.dispatch = remember
    try:
        ask(app, path, '2.1')
    finally:
        wsgi.Resource.dispatch = dispatch
    [(resource, request)] = seen
    assert pipeline.ENVIRON in request.environ
    return resource, request


def about():
    """Return what is measured here."""
    return {'extensions': (CONF.lockstatus.enabled_extensions
                           if 'lockstatus' in CONF else []),
            'hooked': hasattr(wsgi.Resource.dispatch, '__wrapped__'),
            'compiled': response_validation.compiler() is not None,
            'latest': api_version_request.max_api_version().get_string()}


def obey(app, order):
    """Do what an order says.

    :param app: the application
    :param order: its ``do``, and for what
    :returns: what came of it
    """
    if order['do'] == 'share':
        return share(app)
    call = app, order['path'], order['microversion']
    if order['do'] == 'check':
        return check(*call)
    if order['do'] == 'look':
        return look(*call, order['key'])
    return ask(*call, order['depth'])[:2]


def main(kind, config):
    """Obey orders until the input ends.

    :param kind: STOCK or PLUGIN
    :param config: the path of the nova.conf
    """
    # As in production: the log is written.
    logging.basicConfig(filename=os.path.join(
        os.path.dirname(config), 'nova-api-%d.log' % os.getpid()),
        level=logging.INFO)
    database.configure(config)
    main_db.configure(CONF)
    api_db.configure(CONF)
    security_group_api.get_instances_security_groups_bindings = groups
    app = load_app(kind)
    print(json.dumps(about()), flush=True)
    for line in sys.stdin:
        try:
            answer = obey(app, json.loads(line))
        except RuntimeError as error:
            answer = {'error': str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
