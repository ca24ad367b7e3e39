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

"""What events say of the other members of a server's group."""

import threading
import time

import fixtures
from nova.db.main import models
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus.core import host_event
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures import server_group
from nova_lockstatus.tests.fixtures.host_event_case import (
    AnnouncementsTestCase,
)
from nova_lockstatus.tests.fixtures.host_event_case import publisher
from nova_lockstatus.tests.fixtures.webhook_case import WebhooksTestCase

NONE = (None, None, None)


def group_of(data):
    return data['group_id'], data['members_affected'], data['members']


class GroupsTestCase(AnnouncementsTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = {
            name: cls.nova.boot_server(name, host=host)
            for name, host in (
                ('active', 'compute1'), ('near', 'compute1'),
                ('alone', 'compute1'), ('far', 'compute2'),
                ('same-cell', 'compute3'))}
        cls.group = server_group.make(
            [cls.servers[name] for name in ('active', 'near', 'far',
                                            'same-cell')],
            policy='soft-anti-affinity')

    def groups(self):
        """Return what each server was told of its group."""
        told = {data['display_name']: group_of(data)
                for data in self.payloads()}
        self.assertEqual(told, {
            sent.payload['display_name']: group_of(sent.payload)
            for sent in self.unversioned()})
        return told

    def down(self, host='compute1'):
        self.reset()
        self.put(host, forced_down=True)
        return self.groups()

    def page_size(self, size):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.gateway.instances.PAGE_SIZE', size))

    def test_members(self):
        self.assertEqual({
            'active': (self.group, 1, 4), 'near': (self.group, 1, 4),
            'alone': NONE}, self.down())
        self.assertEqual({'far': (self.group, 0, 4)}, self.down('compute2'))

    def test_members_on_other_pages(self):
        self.page_size(1)
        self.assertEqual({
            'active': (self.group, 1, 4), 'near': (self.group, 1, 4),
            'alone': NONE}, self.down())

    def test_other_policies(self):
        for policy, expected in (('affinity', None), ('soft-affinity', None),
                                 ('anti-affinity', 2)):
            server_id = self.boot(policy, host='compute4')
            server_group.make([server_id, self.servers['alone']],
                              policy=policy)
            self.assertEqual(expected, self.down('compute4')[policy][2])
            self.put('compute4', forced_down=False)
            self.delete(server_id)

    def test_members_that_are_deleted(self):
        """They stay in the group, and do not count."""
        server_id = self.boot('of-late', host='compute4')
        deleted = self.boot('deleted', host='compute4')
        group = server_group.make([server_id, deleted], policy='anti-affinity')
        self.delete(deleted)
        server_group.make([server_id, self.servers['far']])
        # The oldest group counts where there are several.
        self.assertEqual({'of-late': (group, 0, 1)}, self.down('compute4'))

    def test_member_that_is_being_deleted(self):
        """It is told itself, and does not count for the others."""
        server_id = self.boot('stays', host='compute4')
        leaves = self.boot('leaves', host='compute4')
        group = server_group.make([server_id, leaves])
        self.delete(leaves)
        table = models.Instance.__table__
        many_hosts.execute(
            self.nova, 'cell2', table.update().where(
                table.c.uuid == leaves).values(deleted=0, host='compute4'))
        self.addCleanup(
            many_hosts.execute, self.nova, 'cell2', table.update().where(
                table.c.uuid == leaves).values(deleted=table.c.id))
        self.assertEqual({'stays': (group, 0, 1), 'leaves': (group, 1, 2)},
                         self.down('compute4'))

    def test_statements(self):
        # The cell; for each page the servers and their groups, and the other
        # members where the page is not known to be the whole host. The second
        # page of two has a server without a group.
        for size, expected in ((500, 3), (3, 5), (2, 6)):
            self.page_size(size)
            self.put('compute1', forced_down=False)
            self.groups()
            self.reset()
            with base.statements() as executed:
                self.put('compute1', forced_down=True)
                self.wait()
            self.assertEqual(3, len(self.payloads()))
            executed = [statement for statement in executed if
                        'FROM instance' in statement
                        or 'FROM cell_mappings' in statement]
            self.assertEqual(expected, len([
                statement for statement in executed
                if 'instance_system_metadata' not in statement]), executed)

    def test_api_database_that_is_away(self):
        """The cell of a host is known from an earlier change."""
        self.down()
        with base.failing('instance_groups'), base.failing('cell_mappings'):
            self.publish('UP')
            self.assertEqual(
                {'active': NONE, 'near': NONE, 'alone': NONE}, self.groups())

    def publish(self, new):
        self.reset()
        publisher().publish(host_event.StatusChange(
            id=uuidutils.generate_uuid(),
            cell=self.nova.services.cell_mappings['cell1'].uuid,
            host='compute1', old='DOWN', new=new,
            changed_at=timeutils.utcnow(with_timezone=True)))

    def test_api_database_that_fails(self):
        expected = {'active': NONE, 'near': NONE, 'alone': NONE}
        before = len(self.nova.log)
        with base.failing('instance_groups'):
            self.assertEqual(expected, self.down())
            self.put('compute1', forced_down=False)
            self.assertEqual(expected, self.groups())
        self.assertEqual(1, self.nova.log[before:].count(
            'The server groups cannot be read'))
        self.assertEqual((self.group, 1, 4), self.down()['active'])
        self.assertIn('sent without them: works again',
                      self.nova.log[before:])

    def test_api_database_that_hangs(self):
        goes_on = threading.Event()
        self.addCleanup(goes_on.set)

        def hang(connection, cursor, statement, *args):
            if ('FROM instance_groups' in statement
                    or 'FROM cell_mappings' in statement):
                goes_on.wait(30)

        self.down()
        with base.listening('before_cursor_execute', hang):
            began = time.monotonic()
            self.publish('UP')
            self.assertEqual(
                {'active': NONE, 'near': NONE, 'alone': NONE}, self.groups())
            self.assertLess(time.monotonic() - began, 15)
            goes_on.set()


class WebhookGroupsTestCase(WebhooksTestCase):

    def test_members(self):
        """A member counts that is of another project, and not told."""
        mine = self.boot('mine', host='compute1')
        theirs = self.boot('theirs', host='compute1', token='other')
        far = self.boot('far', host='compute3')
        group = server_group.make([mine, theirs, far])
        self.put('compute1', forced_down=True)
        self.wait()
        self.deliver('acme')
        told = {event['data']['display_name']: group_of(event['data'])
                for event in self.servers['acme'].events()}
        self.assertEqual({'mine': (group, 1, 3), 's1': NONE}, told)
