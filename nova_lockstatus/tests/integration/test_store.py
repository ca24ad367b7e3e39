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

"""The plugin's store on MariaDB and on PostgreSQL."""

from nova_lockstatus import exception
from nova_lockstatus.store import api
from nova_lockstatus.tests import store_cases
from nova_lockstatus.tests import store_databases


class ServerTestCase(store_cases.StoreCases):
    """The tests on a server."""

    server_url = store_databases.MARIADB

    def setUp(self):
        reason = store_databases.unreachable(self.server_url)
        if reason:
            self.skipTest(reason)
        super().setUp()
        self.url = store_databases.create(self, self.server_url)

    def test_database_that_is_not_there(self):
        store = store_databases.open_store(self, self.url + '_not')
        error = self.assertRaises(exception.StoreUnreachable,
                                  api.list_watches, store)
        self.assertIn('_not', str(error))


class PostgreSQLTestCase(ServerTestCase):

    server_url = store_databases.POSTGRESQL
