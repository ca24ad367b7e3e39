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

"""The test case of the tests that need databases on a real server."""

import multiprocessing

import testtools

from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.integration import database

FILTER = ('v2', 'v2.1')
STOCK = ()

_WORKER = 'nova_lockstatus.tests.integration.worker'

# Workers are forks of a process that has imported Nova, and nothing else.
_processes = multiprocessing.get_context('forkserver')
_processes.set_forkserver_preload([_WORKER, __name__])


def _answer(*arguments):
    # NOTE: not here in the process of the tests: see there.
    from nova_lockstatus.tests.integration import worker
    worker.main(*arguments)


class Worker:
    """Nova's API in a process of its own.

    :param config: the path of its nova.conf
    :param pipelines: those that have the filter
    """

    def __init__(self, config, pipelines):
        # NOTE: two pipes that each go one way. One that goes both is a
        # socket, which does not block where eventlet has patched them.
        asked, self._calls = multiprocessing.Pipe(duplex=False)
        self._answers, answered = multiprocessing.Pipe(duplex=False)
        self._process = _processes.Process(
            target=_answer, args=(asked, answered, pipelines, config),
            daemon=True)
        self._process.start()
        asked.close()
        answered.close()

    def start(self, calls):
        """Begin to make calls at the same time."""
        self._calls.send(calls)

    def read(self):
        """Wait for the answers."""
        return self._answers.recv()

    def ask(self, *calls):
        """Make calls, and wait for the answers."""
        self.start(calls)
        return self.read()

    def stop(self):
        """End the process."""
        self._calls.close()
        self._process.join()
        self._answers.close()


def action(server_id, token, body, microversion='2.1'):
    """Return a call of a server's action, for a worker to make."""
    return {'method': 'POST', 'token': token, 'microversion': microversion,
            'path': '/v2.1/servers/%s/action' % server_id, 'body': body}


class DatabaseTestCase(testtools.TestCase):
    """Has databases on a real server, with Nova's schema."""

    server = store_databases.MARIADB

    charset: str | None = 'utf8'
    """Of the connections, as operators write it into the URL."""

    url_query: dict[str, str] = {}
    """What else the URLs of the databases have after the question mark."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        problem = store_databases.unreachable(cls.server)
        if problem:
            raise cls.skipException(problem)
        query = {'charset': cls.charset} if cls.charset else {}
        cls.databases = database.Databases(
            cls.server, **query, **cls.url_query)
        cls.databases.setUp()
        cls.addClassCleanup(cls.databases.cleanUp)

    def start_workers(self, pipelines, number=1):
        """Start processes of Nova's API that run until the test ends.

        :param pipelines: those that have the filter
        :param number: how many
        :returns: them
        """
        workers = [Worker(self.databases.config, pipelines)
                   for _ in range(number)]
        for worker in workers:
            self.addCleanup(worker.stop)
        for worker in workers:
            self.assertEqual('ready', worker.read())
        return workers
