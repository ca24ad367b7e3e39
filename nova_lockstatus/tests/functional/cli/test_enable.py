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

"""The installed Nova, with its own api-paste.ini after the command."""

import pathlib

import fixtures
from paste import deploy

from nova_lockstatus.embedded import auth
from nova_lockstatus.embedded import paste
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import commands

PROJECT = 'd3300000000000000000000000000001'


class EnableTestCase(base.NovaTestCase):

    options = {'filter': False}

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).join('api-paste.ini'))
        # The embedded Nova's tokens come from no Keystone.
        self.stock = pathlib.Path(paste.find()).read_bytes().replace(
            b'keystonemiddleware.auth_token:filter_factory',
            b'nova_lockstatus.embedded.auth:filter_factory')
        self.path.write_bytes(self.stock)

    def command(self, name):
        done = commands.run(name, '--api-paste', str(self.path), '--yes')
        self.assertEqual(0, done.code, done.err)

    def keys(self):
        """Return which of the keys each of the APIs shows."""
        app = auth.EdgeMiddleware(deploy.loadapp(
            'config:%s' % self.path, 'osapi_compute'))
        server_id = self.nova.boot_server('web')
        answers = [base.ask(app, 'GET', '%s/servers/%s' % (api, server_id),
                            'owner')
                   for api in ('/v2.1', '/v2/' + PROJECT)]
        self.assertEqual([200, 200],
                         [answer.status_code for answer in answers])
        return [base.lock_of(answer.json['server']) for answer in answers]

    def test_both_apis_show_the_fields_while_it_is_enabled(self):
        self.assertEqual([{}, {}], self.keys())
        self.command('enable')
        self.assertEqual([base.UNLOCKED, base.UNLOCKED], self.keys())
        self.command('disable')
        self.assertEqual([{}, {}], self.keys())
        self.assertEqual(self.stock, self.path.read_bytes())
