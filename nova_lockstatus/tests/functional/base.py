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

"""What the functional tests have in common: an embedded Nova for a class."""

import contextlib
import json
import os
import pathlib
import re
import tempfile
import threading
from typing import Any

import fixtures
import testtools
import webob
from oslo_config import cfg
from paste import deploy
from sqlalchemy import engine
from sqlalchemy import event
from sqlalchemy import exc

import nova_lockstatus
from nova_lockstatus.embedded import auth
from nova_lockstatus.embedded import nova
from nova_lockstatus.embedded import paste

KEYS = ('locked', 'locked_by', 'locked_reason')

KEYS_OF_ONE = ('locked_at', 'locked_by_user_id')

UNLOCKED = {'locked': False, 'locked_by': None, 'locked_reason': None}

DOC = pathlib.Path(nova_lockstatus.__file__).parent.parent / 'doc'

GENERATE_SAMPLES = bool(os.environ.get('GENERATE_SAMPLES'))


class NovaTestCase(testtools.TestCase):
    """Has an embedded Nova that all tests of the class use."""

    options = {}
    """The arguments of EmbeddedNova."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nova = nova.EmbeddedNova(**cls.options)
        cls.nova.setUp()
        cls.addClassCleanup(cls.nova.cleanUp)

    def configure(self, group, **options):
        """Set options of nova.conf for the rest of the test."""
        for name, value in options.items():
            cfg.CONF.set_override(name, value, group=group)
            self.addCleanup(cfg.CONF.clear_override, name, group=group)

    def lock(self, server_id, token='owner', reason=None):
        lock = None if reason is None else {'locked_reason': reason}
        answer = self.nova.request(
            'POST', '/v2.1/servers/%s/action' % server_id, token,
            {'lock': lock}, '2.73')
        self.assertEqual(202, answer.status_code, answer.text)

    def show(self, server_id, token='owner', microversion='2.1'):
        answer = self.nova.request('GET', '/v2.1/servers/' + server_id, token,
                                   microversion=microversion)
        self.assertEqual(200, answer.status_code, answer.text)
        return answer.json['server']

    def detail(self, token='owner', microversion='2.1', query=''):
        answer = self.nova.request('GET', '/v2.1/servers/detail' + query,
                                   token, microversion=microversion)
        self.assertEqual(200, answer.status_code, answer.text)
        return {server['id']: server for server in answer.json['servers']}

    def assert_sample(self, path, text, volatile=()):
        """Compare with a sample, or write it where that is asked for.

        :param path: of the sample
        :param text: the JSON that it is held against
        :param volatile: what differs from run to run, beside the id of the
            test's server, as pairs of a pattern and what stands for it
        """
        for pattern, replacement in (
                (self.server_id, '9168b536-cd40-4630-b43f-b259807c6e87'),
                *volatile):
            text = re.sub(pattern, replacement, text)
        if GENERATE_SAMPLES:
            path.write_text(text + '\n')
        self.assertEqual(json.loads(path.read_text()), json.loads(text))


NO_HEARTBEATS: dict[tuple[str | None, str], Any] = {
    (None, 'report_interval'): 3600, (None, 'service_down_time'): 7200}


class NoHeartbeatsTestCase(NovaTestCase):
    """No service reports by itself.

    A heartbeat would bring back a host that a test has silenced, and its
    statements would be counted.
    """

    options: dict[str, Any] = {}

    @classmethod
    def setUpClass(cls):
        # Nor the first one, which does not wait for the interval.
        delay = fixtures.MonkeyPatch(
            'nova.servicegroup.api.INITIAL_REPORTING_DELAY', 3600)
        delay.setUp()
        cls.addClassCleanup(delay.cleanUp)
        cls.options = {**cls.options, 'config': {
            **NO_HEARTBEATS, **cls.options.get('config', {})}}
        super().setUpClass()


def lock_of(server):
    """Return the keys of a server that the extension gives."""
    return {key: server[key] for key in KEYS if key in server}


def load_app(pipelines=('v2', 'v2.1'), **options):
    """Load Nova's API once more, over the services that are running.

    :param pipelines: the pipelines that have the filter
    :param options: options of the filter's section
    :returns: the WSGI application
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'api-paste.ini')
        paste.write(path, pipelines, options)
        return auth.EdgeMiddleware(
            deploy.loadapp('config:' + path, 'osapi_compute'))


def ask(app, method, path, token, microversion=None, body=None):
    """Ask an application that :func:`load_app` loaded.

    :returns: the webob.Response
    """
    request = webob.Request.blank(path, method=method)
    request.headers.update({'X-Auth-Token': token,
                            'Accept': 'application/json'})
    if microversion:
        request.headers['OpenStack-API-Version'] = 'compute ' + microversion
    if body is not None:
        request.content_type = 'application/json'
        request.body = json.dumps(body).encode()
    return request.get_response(app)


@contextlib.contextmanager
def listening(name, function):
    """Have a function called with what all databases are asked meanwhile.

    :param name: of the event, as SQLAlchemy has it
    :param function: what to call
    """
    event.listen(engine.Engine, name, function)
    try:
        yield
    finally:
        event.remove(engine.Engine, name, function)


@contextlib.contextmanager
def failing(table):
    """Let each SELECT from a table fail, in all databases.

    :param table: its name
    """
    def fail(connection, cursor, statement, *args):
        if statement.startswith('SELECT') and 'FROM ' + table in statement:
            raise exc.OperationalError(statement, {}, Exception('gone'))

    with listening('before_cursor_execute', fail):
        yield


@contextlib.contextmanager
def statements(thread=None):
    """Gather the SELECT statements that are executed meanwhile.

    Those of heartbeats too: see :class:`NoHeartbeatsTestCase`.

    :param thread: the number of the thread whose they are, None for all
    :returns: a list that fills
    """
    executed = []

    def remember(connection, cursor, statement, *args):
        # SELECT 1 is how oslo.db tries a connection, with SQLAlchemy 1.4.
        if (statement.startswith('SELECT') and statement != 'SELECT 1'
                and thread in (None, threading.get_ident())):
            executed.append(statement)

    with listening('before_cursor_execute', remember):
        yield executed
