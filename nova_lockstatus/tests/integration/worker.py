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

"""Nova's API in a process of its own, over databases on a real server.

Receives rounds of calls, makes the calls of a round at the same time, each in
a thread, and sends their answers.
"""

import contextlib
import json
import os
import tempfile
import threading
import time

# NOTE: nova-api runs in native threads by default from release 33 on. In
# release 32 that has to be known before anything of Nova asks oslo.service.
os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
import nova.api.openstack  # noqa: F401  # isort:skip

import sqlalchemy
import webob
from nova import policy
from nova.conf import CONF
from nova.db.api import api as api_db
from nova.db.main import api as main_db
from paste import deploy

from nova_lockstatus.embedded import auth
from nova_lockstatus.embedded import paste
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import lock_ends
from nova_lockstatus.tests.integration import database


def load_app(pipelines):
    """Load Nova's API.

    :param pipelines: those that have the plugin's filter
    :returns: the WSGI application
    """
    policy.init()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'api-paste.ini')
        paste.write(path, pipelines, {})
        return auth.EdgeMiddleware(
            deploy.loadapp('config:' + path, 'osapi_compute'))


def ask(app, call):
    """Make a call.

    :param app: the WSGI application
    :param call: method, path, token, microversion and body, and further
        headers if there are any
    :returns: its status, request id and body, and the statements where the
        call is ``measured``
    """
    if 'lifts' in call:
        return lift_ended(call['lifts'])
    request = webob.Request.blank(call['path'], method=call['method'])
    request.headers.update({
        'X-Auth-Token': call['token'], 'Accept': 'application/json',
        'OpenStack-API-Version': 'compute ' + call['microversion'],
        **call.get('headers', {})})
    if call.get('body') is not None:
        request.content_type = 'application/json'
        request.body = json.dumps(call['body']).encode()
    statements = []

    def remember(connection, cursor, statement, *args):
        if statement.startswith('SELECT') and 'FROM' in statement:
            statements.append(statement)

    if call.get('measured'):
        sqlalchemy.event.listen(sqlalchemy.engine.Engine,
                                'before_cursor_execute', remember)
    began = time.monotonic()
    answer = request.get_response(app)
    seconds = time.monotonic() - began
    if call.get('measured'):
        sqlalchemy.event.remove(sqlalchemy.engine.Engine,
                                'before_cursor_execute', remember)
    return {'status': answer.status_code,
            'seconds': seconds, 'statements': statements,
            'request_id': answer.headers.get('x-openstack-request-id'),
            'retry_after': answer.headers.get('Retry-After'),
            'body': answer.text}


def lift_ended(server_id):
    """Lift the ended locks of a server, as the watch does it.

    :returns: how many times something was lifted
    """
    [cell] = [found for found in cells.list_all() if not found.is_cell0()]
    return {'lifted': int(lock_ends.lift(
        cells.context(cell), server_id, 'watch', False) is not None)}


def ask_together(app, calls):
    """Make calls at the same time.

    :param app: the WSGI application
    :param calls: the calls
    :returns: their answers
    """
    answers = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(number):
        barrier.wait()
        answers[number] = ask(app, calls[number])

    threads = [threading.Thread(target=run, args=(number,))
               for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def main(calls, answers, pipelines, config):
    """Answer rounds until there are no more.

    :param calls: where they come from, a connection of multiprocessing
    :param answers: where their answers go
    :param pipelines: those that have the filter
    :param config: the path of the nova.conf
    """
    # Nova's log.
    with open(os.devnull, 'w') as nowhere:
        os.dup2(nowhere.fileno(), 2)
    database.configure(config)
    main_db.configure(CONF)
    api_db.configure(CONF)
    database.without_neutron()
    app = load_app(pipelines)
    answers.send('ready')
    with contextlib.suppress(EOFError):
        while True:
            answers.send(ask_together(app, calls.recv()))
