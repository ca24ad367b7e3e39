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

"""A cell of a real cloud whose database goes away, and comes back."""

from nova_lockstatus.tests.integration.cloud import case

KEYS = {'locked', 'locked_by', 'locked_reason', 'host_status'}

LEFT_OUT = (('/v2', None), ('/v2.1', None), ('/v2.1', '2.68'))
"""Where Nova leaves servers in a cell that is down out of lists."""

SHOWN = (('/v2.1', '2.69'), ('/v2.1', '2.73'), ('/v2.1', '2.97'))
"""Where Nova shows what it knows of them. From 2.98 on it answers 500 when one
is asked for, with the plugin and without."""


class CellDownTestCase(case.CloudTestCase):
    """The server in the cell that goes away is locked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.near = cls.boot('near')
        cls.far = cls.boot('far', cell='cell2')

    def setUp(self):
        super().setUp()
        self.act(self.far, 'lock', 'admin', {'locked_reason': 'why'})
        self.addCleanup(self.act, self.far, 'unlock', 'admin')
        self.cloud.nova.close_way('cell2')
        self.down = True
        self.addCleanup(self.come_back)

    def come_back(self):
        if self.down:
            self.cloud.nova.open_way('cell2')
            self.down = False

    def listed(self, path, version, query=''):
        return {server['id']: server for server in self.details(
            'admin', '?all_tenants=1' + query, version, path)}

    def test_lists(self):
        for path, version in (*LEFT_OUT, *SHOWN, ('/v2.1', 'latest')):
            found = self.listed(path, version)
            self.assertLessEqual(KEYS, set(found.pop(self.near)))
            if (path, version) in LEFT_OUT:
                self.assertEqual({}, found)
            else:
                self.assertEqual('UNKNOWN', found[self.far]['status'])
                self.assertEqual(set(), KEYS & set(found[self.far]))
            # What is not known is not found.
            self.assertEqual({}, self.listed(path, version, '&locked=true'))
            self.assertEqual(
                {self.near},
                set(self.listed(path, version, '&host_status=UP')))

    def test_show(self):
        for path, version in SHOWN:
            shown = self.server(self.far, 'admin', version, path)
            self.assertEqual('UNKNOWN', shown['status'])
            self.assertEqual(set(), KEYS & set(shown))

    def test_nothing_is_changed_whose_lock_is_not_known(self):
        for path, version in (*LEFT_OUT, *SHOWN):
            for user in ('owner', 'admin'):
                answer = self.call(
                    'PUT', '%s/servers/%s' % (path, self.far), user,
                    {'server': {'name': 'renamed'}}, version, 503)
                self.assertIn('cannot be told', answer.text)
            self.call('PUT', '%s/servers/%s' % (path, self.near), 'owner',
                      {'server': {'name': 'near'}}, version)

    def test_back(self):
        self.come_back()
        for path, version in (*LEFT_OUT, *SHOWN, ('/v2.1', 'latest')):
            for shown in (self.server(self.far, 'owner', version, path),
                          self.listed(path, version)[self.far]):
                self.assertEqual(
                    ('far', True, 'admin', 'why'),
                    tuple(shown[key] for key in (
                        'name', 'locked', 'locked_by', 'locked_reason')))
        self.call('PUT', '/v2.1/servers/' + self.far, 'owner',
                  {'server': {'name': 'renamed'}}, expected=409)
        # Its services find their way back, too.
        self.act(self.far, 'unlock', 'admin')
        self.act(self.far, 'suspend', 'owner')
        self.cloud.wait_for_server(self.far, 'SUSPENDED')
        self.act(self.far, 'resume', 'owner')
        self.cloud.wait_for_server(self.far, 'ACTIVE')
