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

"""A caller whom the rule on extra keys refuses gets stock Nova's answers.

A pipeline without the filter, over the same services, is asked the same.
"""

from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.core import lock_reason
from nova_lockstatus.embedded import identity
from nova_lockstatus.embedded.nova_fixture import IMAGE
from nova_lockstatus.policies import server_host_status as host_policies
from nova_lockstatus.policies import server_locked_status as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.strict_case import ADMIN
from nova_lockstatus.tests.fixtures.strict_case import ADMIN_PROJECT
from nova_lockstatus.tests.fixtures.strict_case import MICROVERSIONS
from nova_lockstatus.tests.fixtures.strict_case import NEWEST
from nova_lockstatus.tests.fixtures.strict_case import OWNER
from nova_lockstatus.tests.fixtures.strict_case import PROJECT
from nova_lockstatus.tests.fixtures.strict_case import StrictTestCase

# Nova takes the first service in the index of host, binary and deleted.
DELETED = -1000

# Nova has it at a microversion, and the plugin at all.
KEYS = {'locked', 'locked_by', 'locked_reason', 'locked_at', 'host_status',
        'disabled_reason', 'forced_down'}


class ServersTestCase(StrictTestCase):
    """Locked and unlocked servers, on hosts of which Nova thinks otherwise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.locked = cls.nova.boot_server('locked', host='compute1')
        cls.unlocked = cls.nova.boot_server('unlocked', host='compute2')
        cls.nova.request('POST', '/v2.1/servers/%s/action' % cls.locked,
                         'owner', {'lock': {'locked_reason': 'why'}}, '2.73')
        # So that a rebuild stays what its answer says.
        cls.nova.services.computes['compute2'].stop()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.drop_rows)
        self.drop_rows()
        self.add_rows()

    def add_rows(self):
        """Have rows of which Nova shows another value than the plugin."""
        with self.cell_of('compute1') as session:
            session.add_all(models.InstanceSystemMetadata(
                instance_uuid=self.locked, key=key, value=value)
                for key, value in lock_reason.rows(
                    'unpaid \U0001f512', wide=False).items())
            session.add(models.Service(
                id=DELETED, host='compute1', binary='nova-compute',
                topic='compute', forced_down=True, disabled=True,
                last_seen_up=timeutils.utcnow(), deleted=DELETED,
                deleted_at=timeutils.utcnow()))
        with self.cell_of('compute2') as session:
            session.add(models.InstanceSystemMetadata(
                instance_uuid=self.unlocked, key=lock_reason.KEY,
                value='left behind'))

    def drop_rows(self):
        for host in ('compute1', 'compute2'):
            with self.cell_of(host) as session:
                session.query(models.InstanceSystemMetadata).filter(
                    models.InstanceSystemMetadata.key.in_(lock_reason.KEYS)
                ).delete()
                session.query(models.Service).filter_by(id=DELETED).delete()

    def reset(self):
        with self.cell_of('compute2') as session:
            session.query(models.Instance).filter_by(
                uuid=self.unlocked).update({'task_state': None})

    def compare(self, base_path, admin_path, microversion=None):
        """Compare each answer that shows servers in full.

        :returns: the keys that the plugin has, too, of each answer
        """
        path = base_path + '/servers/'
        rename = {'server': {'name': 'unlocked'}}
        rebuild = {'rebuild': {'imageRef': IMAGE}}
        found = [
            self.assert_stock('GET', admin_path + '/servers/' + self.locked,
                              ADMIN, microversion),
            self.assert_stock('PUT', path + self.unlocked, OWNER,
                              microversion, rename),
            self.assert_stock('POST', path + self.unlocked + '/action', OWNER,
                              microversion, rebuild, self.reset)]
        listed = self.assert_stock('GET', admin_path + '/servers/detail'
                                   '?all_tenants=1', ADMIN, microversion)
        return [KEYS & server.keys() for server in (
            *(answer['server'] for answer in found), listed['servers'][0])]

    def test_every_microversion(self):
        shown = {version: self.compare('/v2.1', '/v2.1', version)
                 for version in MICROVERSIONS}
        # The calls were answered, and Nova has the keys that it has.
        self.assertEqual([set()] * 4, shown['2.8'])
        self.assertEqual({'locked', 'host_status'}, shown['2.16'][0])
        self.assertEqual([{'locked', 'locked_reason', 'host_status'},
                          {'locked', 'locked_reason'},
                          {'locked', 'locked_reason'},
                          {'locked', 'locked_reason', 'host_status'}],
                         shown['2.%d' % NEWEST])

    def test_v2(self):
        self.assertEqual([set()] * 4, self.compare(PROJECT, ADMIN_PROJECT))

    def test_other_answers(self):
        for version in ('2.1', '2.9', '2.73', 'latest'):
            for path in ('/servers', '/servers?limit=1', '/servers/detail',
                         '/servers/detail?limit=1', '/servers/' + self.locked,
                         '/os-volumes_boot/detail', '/limits',
                         '/servers/%s/os-instance-actions' % self.locked,
                         '/servers/no-such-server', '/extensions',
                         '/extensions/os-hypervisor-status',
                         '/extensions/os-server-locked-status'):
                self.assert_stock('GET', '/v2.1' + path, OWNER, version)
        for path in ('/extensions', '/extensions/os-server-host-status',
                     '/servers/detail?limit=1'):
            self.assert_stock('GET', PROJECT + path, OWNER)

    def test_nobody_else_loses_a_key(self):
        for version in ('2.1', 'latest'):
            server = self.show(self.locked, 'owner', version)
            self.assertEqual('owner', server['locked_by'])
            self.assertEqual('unpaid \U0001f512', server['locked_reason'])
            self.assertEqual('UP', self.show(
                self.locked, 'admin', version)['host_status'])
            self.assertEqual(200, self.nova.request(
                'GET', '/v2.1/extensions/os-server-locked-status', 'owner',
                microversion=version).status_code)

    def test_filters_and_locks_stay(self):
        answer = self.nova.request(
            'GET', '/v2.1/servers/detail?locked=true&limit=1', OWNER)
        self.assertEqual([self.locked], [
            server['id'] for server in answer.json['servers']])
        [link] = answer.json['servers_links']
        self.assertIn('locked=true', link['href'])
        answer = self.nova.request(
            'GET', '/v2.1/servers/detail?all_tenants=1&host_status=UP', ADMIN)
        self.assertIn(self.locked, [
            server['id'] for server in answer.json['servers']])
        answer = self.nova.request(
            'POST', '/v2.1/servers/%s/action' % self.locked, OWNER,
            {'os-stop': None})
        self.assertEqual(409, answer.status_code)
        self.assertIn('unpaid', answer.json['conflictingRequest']['message'])

    def test_nothing_is_read_for_keys_that_are_not_shown(self):
        found = {}
        for caller in (OWNER, identity.OWNER):
            with base.statements() as executed:
                self.nova.request('GET', '/v2.1/servers/detail', caller)
            found[caller] = len(executed)
        with base.statements() as executed:
            self.stock.request('GET', '/v2.1/servers/detail', OWNER)
        self.assertEqual(len(executed), found[OWNER])
        self.assertLess(found[OWNER], found[identity.OWNER])


class OwnRulesTestCase(StrictTestCase):
    """The rule of a key counts as well, where Nova has the key."""

    options = {**StrictTestCase.options, 'policy': {
        **StrictTestCase.options['policy'],
        policies.LOCKED_REASON: 'rule:context_is_admin',
        host_policies.UNKNOWN_ONLY: 'rule:project_reader_or_admin'}}

    def test_of_a_key_that_nova_has(self):
        server_id = self.boot('locked', 'compute1')
        self.lock(server_id, reason='secret')
        path = '/v2.1/servers/' + server_id
        self.assertIsNone(self.show(server_id, OWNER, '2.73')[
            'locked_reason'])
        self.assertEqual('secret', self.show(server_id, ADMIN, '2.73')[
            'locked_reason'])
        for caller, version in ((OWNER, '2.72'), (ADMIN, '2.73')):
            self.assert_stock('GET', path, caller, version)
        self.silence('compute1')
        self.assertEqual('UNKNOWN', self.assert_stock(
            'GET', path, OWNER, '2.72')['server']['host_status'])
        self.assertNotIn('host_status', self.show(server_id, OWNER))


class HypervisorsTestCase(StrictTestCase):

    def compare(self, base_path, microversion=None, minor=1):
        nodes = self.nova.request(
            'GET', base_path + '/os-hypervisors', ADMIN,
            microversion=microversion).json['hypervisors']
        one = '/%s' % nodes[1]['id']
        paths = ['', '/detail', one]
        if minor < 88:
            paths.append(one + '/uptime')
        if minor < 53:
            paths += ['/compute1/search', '/compute1/servers']
        else:
            paths += ['?hypervisor_hostname_pattern=compute&with_servers=1',
                      '/detail?limit=1', one + '?with_servers=1']
        for path in paths:
            found = self.assert_stock(
                'GET', base_path + '/os-hypervisors' + path, ADMIN,
                microversion)
            if path.endswith('/uptime'):
                # Not every driver tells it.
                continue
            node, = (found['hypervisors'][:1] if 'hypervisors' in found
                     else [found['hypervisor']])
            self.assertEqual(set(), KEYS & node.keys())
        self.assertIn('forced_down', self.nova.request(
            'GET', base_path + '/os-hypervisors', 'admin',
            microversion=microversion).json['hypervisors'][0])

    def test_every_microversion(self):
        self.set_service('compute1', forced_down=True)
        self.nova.boot_server('web', host='compute2')
        for version in MICROVERSIONS:
            self.compare('/v2.1', version, int(version[2:]))

    def test_v2(self):
        self.compare(ADMIN_PROJECT)
