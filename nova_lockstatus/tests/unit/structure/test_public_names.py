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

"""The names that other packages and operators' files have in them."""

import dataclasses
import inspect
from importlib import metadata
from importlib import util

import testtools

from nova_lockstatus import filter as lockstatus_filter
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import field
from nova_lockstatus.extensions import route

ENTRY_POINTS = {
    ('console_scripts', 'nova-lockstatus'),
    ('console_scripts', 'nova-lockstatus-status'),
    ('console_scripts', 'nova-lockstatus-watch'),
    ('nova_lockstatus.commands', 'db_sync'),
    ('nova_lockstatus.commands', 'disable'),
    ('nova_lockstatus.commands', 'enable'),
    ('nova_lockstatus.commands', 'report'),
    ('nova_lockstatus.commands', 'setup'),
    ('nova_lockstatus.commands', 'webhook_enable'),
    ('nova_lockstatus.commands', 'webhook_list'),
    ('nova_lockstatus.commands', 'webhook_replay'),
    ('nova_lockstatus.commands', 'webhook_test'),
    ('paste.filter_factory', 'main'),
    ('nova_lockstatus.extensions', 'os-server-host-status'),
    ('nova_lockstatus.extensions', 'os-hypervisor-status'),
    ('nova_lockstatus.extensions', 'os-server-locked-status'),
    ('nova_lockstatus.extensions', 'os-server-locks'),
    ('nova_lockstatus.extensions', 'os-server-state-lock'),
    ('openstack.cli.extension', 'lockstatus'),
    ('openstack.lockstatus.v2', 'hypervisor_status_list'),
    ('openstack.lockstatus.v2', 'lock_list'),
    ('openstack.lockstatus.v2', 'lock_set'),
    ('openstack.lockstatus.v2', 'lock_show'),
    ('openstack.lockstatus.v2', 'lock_unset'),
    ('openstack.lockstatus.v2', 'server_host_status'),
    ('oslo.config.opts', 'nova_lockstatus'),
    ('oslo.policy.enforcer', 'nova_lockstatus'),
    ('oslo.policy.policies', 'nova_lockstatus'),
    ('tempest.test_plugins', 'nova_lockstatus'),
}


# The classes of nova_lockstatus.extensions.base with their fields; "=" says
# that there is a default.
CONTRACT = {
    'Lock': 'since= user_id=',
    'Server': 'instance system_metadata read_lock= read_host_status= '
              'scope_locks=',
    'Hypervisor': 'node service',
    'Fallback': 'rule value permits=',
    'Field': 'key rule value nova_since= nova_requires= replaces_nova= '
             'fallback= shown_alone= follows_nova= list_parameter=',
    'ServerField': 'key rule value nova_since= nova_requires= replaces_nova= '
                   'fallback= shown_alone= follows_nova= searchable= '
                   'list_parameter=',
    'HypervisorField': 'key rule value nova_since= nova_requires= '
                       'replaces_nova= fallback= shown_alone= '
                       'follows_nova= list_parameter=',
}

# Likewise of nova_lockstatus.extensions.route.
ROUTES = {
    'ApiRequest': 'context path body query may next_link conf',
    'Route': 'method path function rule status= body= query=',
}

# What each subject of a field has beside its fields.
SUBJECT = 'knows target'

IDENTITY = 'alias description name namespace updated'

OPTIONAL = {
    'policies': (),
    'server_fields': (),
    'hypervisor_fields': (),
    'instance_attributes': (),
    'system_metadata': {},
    'reads_host_status': False,
    'routes': (),
}

METHODS = 'describe fields'


def public(names):
    return ' '.join(sorted(name for name in names if name[0] != '_'))


class EntryPointsTestCase(testtools.TestCase):

    def test_exactly_these_and_each_loads(self):
        points = metadata.distribution('nova-lockstatus').entry_points
        self.assertEqual(ENTRY_POINTS,
                         {(point.group, point.name) for point in points})
        for point in points:
            # Tempest is in the environment of the integration tests alone,
            # which run what Tempest finds through it.
            if (point.group == 'tempest.test_plugins'
                    and util.find_spec('tempest') is None):
                continue
            loaded = point.load()
            # The OpenStackClient wants a module, all others something to call.
            self.assertTrue(
                callable(loaded) or (inspect.ismodule(loaded)
                                     and callable(loaded.make_client)), point)


    def test_the_filter_that_operators_name(self):
        point, = metadata.distribution('nova-lockstatus').entry_points.select(
            group='paste.filter_factory')
        self.assertEqual('nova_lockstatus.filter:filter_factory', point.value)
        self.assertEqual(['global_conf', 'local_conf'], list(
            inspect.signature(lockstatus_filter.filter_factory).parameters))


class ExtensionContractTestCase(testtools.TestCase):
    """What a stranger's extension imports and overrides."""

    def test_names(self):
        here = {name for name, value in vars(base).items()
                if getattr(value, '__module__', None) in (
                    base.__name__, field.__name__)}
        self.assertEqual(
            public({'ABSENT', 'Extension', 'Subject', *CONTRACT}),
            public(here | {'ABSENT'}))

    def test_fields_in_their_order(self):
        for name, fields in CONTRACT.items():
            parameters = inspect.signature(getattr(base, name)).parameters
            self.assertEqual(fields, ' '.join(
                each.name + ('' if each.default is each.empty else '=')
                for each in parameters.values()), name)

    def test_routes(self):
        self.assertEqual(ROUTES, {
            name: ' '.join(
                each.name + ('' if each.default is each.empty else '=')
                for each in inspect.signature(value).parameters.values())
            for name, value in vars(route).items()
            if getattr(value, '__module__', None) == route.__name__})

    def test_subjects(self):
        self.assertEqual(SUBJECT, public(vars(base.Subject)))
        for subject in (base.Server, base.Hypervisor):
            fields = {field.name for field in dataclasses.fields(subject)}
            self.assertEqual(SUBJECT, public(set(vars(subject)) - fields))

    def test_extension(self):
        self.assertEqual(
            IDENTITY, ' '.join(sorted(base.Extension.__abstractmethods__)))
        self.assertEqual(
            public({*IDENTITY.split(), *OPTIONAL, *METHODS.split()}),
            public(vars(base.Extension)))
        for name, default in OPTIONAL.items():
            self.assertEqual(default, getattr(base.Extension, name), name)
