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

"""The schemas of Tempest, with the plugin's keys."""

import copy
import importlib.util
from importlib import metadata

import jsonschema
import testtools

SERVER = {'id': '1', 'locked': True, 'locked_by': 'admin',
          'locked_reason': 'unpaid', 'locked_at': None,
          'locked_by_user_id': 'x', 'locked_until': None,
          'delete_protected': False, 'host_status': 'UP'}

HYPERVISOR = {'id': 1, 'hypervisor_hostname': 'compute1', 'state': 'up',
              'status': 'enabled', 'disabled_reason': None,
              'forced_down': False}


@testtools.skipIf(importlib.util.find_spec('tempest') is None,
                  'The package tempest is not installed, see '
                  'integration-requirements.txt.')
class SchemasTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        from tempest.lib.services.compute import hypervisor_client
        from tempest.lib.services.compute import servers_client

        from nova_lockstatus_tempest_plugin import schemas
        self.schemas = schemas
        self.accept_keys = schemas.accept_keys
        self.server_modules = self.keep(servers_client.ServersClient)
        self.hypervisor_modules = self.keep(hypervisor_client.HypervisorClient)

    def keep(self, client):
        """Take back at the end what a test changes in the schemas.

        :param client: the client
        :returns: the modules of its schemas, the oldest first
        """
        modules = [versions['schema']
                   for versions in client.schema_versions_info]
        for module in modules:
            for name, schema in vars(module).items():
                if isinstance(schema, dict) and 'status_code' in schema:
                    self.patch(module, name, copy.deepcopy(schema))
        return modules

    def unexpected(self, schema, value):
        """Return the keys that a schema does not allow.

        :param schema: the schema of an object
        :param value: the object
        """
        return {
            key for key in value
            if not jsonschema.Draft4Validator({**schema, 'required': []})
            .is_valid({key: value[key]})}

    def server_schemas(self):
        for module in self.server_modules:
            for name in ('get_server', 'update_server', 'rebuild_server',
                         'rebuild_server_with_admin_pass'):
                yield getattr(module, name)['response_body'][
                    'properties']['server']
            yield module.list_servers_detail['response_body']['properties'][
                'servers']['items']

    def hypervisor_schemas(self):
        for module in self.hypervisor_modules:
            for name in ('get_hypervisor', 'get_hypervisor_uptime'):
                yield getattr(module, name)['response_body']['properties'][
                    'hypervisor']
            for name in ('get_hypervisors_servers', 'list_hypervisors_detail',
                         'list_search_hypervisors'):
                yield getattr(module, name)['response_body']['properties'][
                    'hypervisors']['items']

    def test_the_keys_are_those_of_the_extensions(self):
        extensions = [point.load()
                      for point in metadata.distribution('nova-lockstatus')
                      .entry_points.select(group='nova_lockstatus.extensions')]
        self.assertEqual(set(self.schemas.SERVER_KEYS), {
            field.key for extension in extensions
            for field in extension.server_fields})
        self.assertEqual(set(self.schemas.HYPERVISOR_KEYS), {
            field.key for extension in extensions
            for field in extension.hypervisor_fields})

    def test_each_microversion_has_the_keys(self):
        before = [self.unexpected(schema, SERVER)
                  for schema in self.server_schemas()]
        # Nova's own keys come with the microversions.
        self.assertIn(set(SERVER) - {'id'}, before)
        self.assertNotIn(set(), before)
        self.accept_keys()
        for schema in self.server_schemas():
            self.assertEqual(set(), self.unexpected(schema, SERVER))

    def test_hypervisors_have_the_keys(self):
        for schema in self.hypervisor_schemas():
            self.assertEqual({'disabled_reason', 'forced_down'},
                             self.unexpected(schema, HYPERVISOR))
        self.accept_keys()
        for schema in self.hypervisor_schemas():
            self.assertEqual(set(), self.unexpected(schema, HYPERVISOR))

    def test_other_keys_are_refused_as_before(self):
        self.accept_keys()
        for schema in (*self.server_schemas(), *self.hypervisor_schemas()):
            self.assertEqual({'colour'},
                             self.unexpected(schema, {'colour': 'red'}))
            self.assertEqual({'locked_by', 'forced_down'} & set(
                schema['properties']), self.unexpected(schema, {
                    key: 'maybe' for key in ('locked_by', 'forced_down')
                    if key in schema['properties']}))

    def test_what_is_required_stays_so(self):
        required = [list(schema['required'])
                    for schema in self.server_schemas()]
        self.accept_keys()
        self.assertEqual(required, [schema['required']
                                    for schema in self.server_schemas()])

    def test_twice_is_as_once(self):
        self.accept_keys()
        once = copy.deepcopy(list(self.server_schemas()))
        self.accept_keys()
        self.assertEqual(once, list(self.server_schemas()))
