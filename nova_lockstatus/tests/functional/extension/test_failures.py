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

"""A stranger's extension fails, and Nova's answer stands."""

import textwrap

from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import packages

OWN = server_locked_status.ServerLockedStatus.alias

STRANGER = textwrap.dedent('''
    from nova_lockstatus.extensions import base

    RULE = 'os_compute_api:os-server-locked-status:locked'

    def fail(server):
        raise RuntimeError('the rack is on fire')

    class Stranger(base.Extension):
        alias = 'x-stranger'
        name = 'Stranger'
        description = 'Tries what it must not.'
        namespace = 'https://example.org/stranger'
        updated = '2026-11-21T00:00:00Z'
        instance_attributes = ('metadata', 'services')
        server_fields = (
            base.ServerField('fails', RULE, fail),
            base.ServerField('status', RULE, lambda server: 'STOLEN'),
            base.ServerField('no_json', RULE, lambda server: object()),
            base.ServerField('locked_reason', RULE, lambda server: 'mine'),
            base.ServerField(
                'x_services', RULE,
                lambda server: len(server.instance.services)),
        )
''')


class StrangerTestCase(base.NovaTestCase):
    """A stranger's extension fails, and Nova's answer stands."""

    options = {'paste_options':
               {'enabled_extensions': OWN + ', x-stranger'}}

    @classmethod
    def setUpClass(cls):
        package = packages.InstalledPackage(
            'lockstatus_stranger', STRANGER, {'x-stranger': 'Stranger'})
        package.setUp()
        cls.addClassCleanup(package.cleanUp)
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('db')

    def test_answer_stands(self):
        self.lock(self.server_id, reason='why')
        for _ in range(3):
            for server in (self.show(self.server_id),
                           self.detail()[self.server_id]):
                self.assertEqual('ACTIVE', server['status'])
                self.assertNotIn('fails', server)
                self.assertNotIn('no_json', server)
                self.assertEqual('why', server['locked_reason'])
                self.assertEqual(1, server['x_services'])
        for problem in ("field 'fails' of the extension 'x-stranger'",
                        'RuntimeError: the rack is on fire',
                        "field 'status' of the extension 'x-stranger'",
                        "field 'no_json' of the extension 'x-stranger'",
                        "field 'locked_reason' of the extension"):
            self.assertEqual(1, self.nova.log.count(problem), problem)

    def test_listed(self):
        for path in ('/v2.1/extensions/x-stranger',
                     '/v2.1/extensions/' + OWN):
            self.assertEqual(
                200, self.nova.request('GET', path, 'owner').status_code)
