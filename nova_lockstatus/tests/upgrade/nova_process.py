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

"""The Nova of one environment in one process, over databases that outlive it.

Runs by its path, and imports nothing of the plugin: what a paste file names is
there, and nothing else. Reads calls from its standard input, one JSON object
a line, and writes the answer to each as a line of JSON. Ends with its input.
"""

import contextlib
import functools
import json
import os
import select
import sys
import unittest
import uuid
import warnings

# NOTE: first of all, see there.
from nova_lockstatus.embedded import patching  # noqa: F401  isort:skip

import fixtures
import webob
from nova import config
from nova import context as nova_context
from nova import objects
from nova import policy
from nova.conf import CONF
from nova.db.api import api as api_db
from nova.db.main import api as main_db
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional import integrated_helpers
from nova.virt import fake

OUT = os.fdopen(os.dup(sys.stdout.fileno()), 'w')
# What anything else prints is no answer.
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


class LastingDriver(fake.FakeDriver):
    """Nova's fake driver, with an identity that outlives nova-compute."""

    def get_available_resource(self, nodename):
        return {**super().get_available_resource(nodename),
                'uuid': _node_uuid(nodename)}

    def get_nodenames_by_uuid(self, refresh=False):
        return {_node_uuid(node): node for node in self.get_available_nodes()}


def _node_uuid(node):
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, node))


class ApiDatabase(fixtures.Fixture):
    """The API's database that nova.conf names.

    :param database: as for Nova's fixture
    """

    def __init__(self, database):
        super().__init__()
        assert database == 'api'

    def _setUp(self):
        api_db.configure(CONF)
        self.addCleanup(api_db.get_engine().dispose)


class CellDatabases(nova_fixtures.CellDatabases):
    """The databases of cells, where they are, and as they are."""

    def add_cell_database(self, connection_str, default=False):
        manager = main_db.create_context_manager(connection=connection_str)
        self._ctxt_mgrs[connection_str] = manager
        if default:
            self._last_ctxt_mgr = self._default_ctxt_mgr = manager

    def _wrap_get_context_manager(self, context):
        # NOTE: Nova's own gives the cell that was asked last, in whatever
        # thread. A scheduler that reads all cells in one would then not find
        # its own service.
        return (getattr(context, 'db_connection', None)
                or self._default_ctxt_mgr)


class NovaCase(integrated_helpers._IntegratedTestBase):
    """Has the services of Nova's functional tests, and answers calls.

    There is a compute host in each cell, named after it.
    """

    CAST_AS_CALL = False
    REQUIRES_LOCKING = False

    def _setup_cells(self):
        context = nova_context.get_admin_context()
        databases = CellDatabases()
        for cell in objects.CellMappingList.get_all(context):
            self.cell_mappings[cell.name] = cell
            self.host_mappings.update({
                mapping.host: mapping for mapping in
                objects.HostMappingList.get_by_cell_id(context, cell.id)})
            databases.add_cell_database(
                cell.database_connection, default=cell.name == 'cell1')
        self.useFixture(databases)

    def _setup_services(self):
        # NOTE: what the fixtures of Nova and placement have changed.
        CONF.clear_override('policy_file', 'oslo_policy')
        CONF.set_override('enforce_new_defaults', True, 'oslo_policy')
        policy.reset()
        policy.init()
        super()._setup_services()

    def _setup_compute_service(self):
        for cell in sorted(set(self.cell_mappings) - {'cell0'}):
            self._start_compute('host-of-' + cell, cell_name=cell)

    def runTest(self):
        # NOTE: those of Nova's fixture make errors of warnings.
        warnings.resetwarnings()
        warnings.simplefilter('ignore')
        app = self.api_fixture.app()
        say('ready')
        # NOTE: select lets eventlet's threads run.
        while select.select([sys.stdin], [], []) and (
                line := sys.stdin.readline()):
            call = json.loads(line)
            say(self.stdlog.logger.output if call == 'log'
                else ask(app, **call))


def say(answer):
    """Write what came of a call."""
    print(json.dumps(answer), file=OUT, flush=True)


def ask(app, method, path, user, microversion, body=None):
    """Make a call.

    :param app: the WSGI application
    :param user: the ids of user and project, and the roles
    :returns: the status and the body
    """
    request = webob.Request.blank(path, method=method)
    request.headers.update({
        'Accept': 'application/json',
        'X-Auth-User': user['user'], 'X-Auth-Project-Id': user['project'],
        'X-Roles': user['roles'],
        'OpenStack-API-Version': 'compute ' + microversion})
    if body is not None:
        request.content_type = 'application/json'
        request.body = json.dumps(body).encode()
    answer = request.get_response(app)
    return {'status': answer.status_code, 'body': answer.text}


def main(path):
    """Answer calls until the input ends.

    :param path: of the nova.conf
    :returns: the exit code
    """
    with contextlib.ExitStack() as stack:
        for target, replacement in (
                ('nova.config.parse_args', functools.partial(
                    _parse_args, config.parse_args, path)),
                ('nova.tests.fixtures.Database', ApiDatabase),
                ('nova.tests.fixtures.DefaultFlavorsFixture',
                 fixtures.Fixture),
                # NOTE: it deletes the service, and the compute node with it.
                ('nova.service.Service.kill', lambda service: None),
                ('nova.virt.fake.LastingDriver', LastingDriver)):
            stack.enter_context(fixtures.MonkeyPatch(target, replacement))
        result = unittest.TestResult()
        NovaCase().run(result)
    for _case, problem in result.errors + result.failures:
        print(problem, file=sys.stderr)
    return 0 if result.wasSuccessful() else 1


def _parse_args(parse_args, path, argv, default_config_files=None, **kwargs):
    return parse_args(argv, default_config_files=[path], **kwargs)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
