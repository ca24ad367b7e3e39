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

"""Which calls change the status of a host, and what is announced then."""

import json
import time
from typing import Any

import fixtures
from nova.conf import CONF

from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.host_event_case import EVENT
from nova_lockstatus.tests.fixtures.host_event_case import (
    AnnouncementsTestCase,
)
from nova_lockstatus.tests.fixtures.host_event_case import publisher
from nova_lockstatus.tests.fixtures.host_status_case import HOSTS

V2 = '/v2/' + identity.ADMIN.project_id

# Each call, before microversion 2.53: path, microversion, action, more of the
# body, and what the status of the host is then.
OLD_CALLS: list[tuple[Any, ...]] = [
    (root, version, *call)
    for root, version in ((V2, None), ('/v2.1', '2.1'), ('/v2.1', '2.11'),
                          ('/v2.1', '2.52'))
    for call in (('disable', {}, 'MAINTENANCE'),
                 ('enable', {}, 'UP'),
                 ('disable-log-reason', {'disabled_reason': 'disk'},
                  'MAINTENANCE'),
                 ('enable', {}, 'UP'))
] + [
    ('/v2.1', version, 'force-down', {'forced_down': down}, status)
    for version in ('2.11', '2.52')
    for down, status in ((True, 'DOWN'), (False, 'UP'))
]

NEW_CALLS: list[tuple[dict[str, Any], str]] = [
    ({'status': 'disabled'}, 'MAINTENANCE'),
    ({'forced_down': True}, 'DOWN'),
    ({'forced_down': False}, 'MAINTENANCE'),
    ({'status': 'enabled'}, 'UP'),
    ({'forced_down': True, 'status': 'disabled',
      'disabled_reason': 'disk'}, 'DOWN'),
    ({'forced_down': False, 'status': 'enabled'}, 'UP'),
]


class CallsTestCase(AnnouncementsTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, host in enumerate(HOSTS):
            for copy in range(2):
                cls.nova.boot_server('s%d-%d' % (number + 1, copy), host=host)

    def assert_told(self, number, old, new):
        self.assertEqual([('s%d-%d' % (number, copy), old, new)
                          for copy in range(2)], self.told())
        self.assertEqual(
            [(data['display_name'], old, new) for data in self.payloads()],
            [(sent.payload['display_name'], sent.payload['old_host_status'],
              sent.payload['host_status']) for sent in self.unversioned()])
        self.reset()

    def test_old_calls(self):
        for number in (1, 2):
            old = 'UP'
            for root, version, action, body, new in OLD_CALLS:
                self.put_action(root, version, 'compute%d' % number, action,
                                **body)
                self.assert_told(number, old, new)
                old = new

    def test_new_calls(self):
        for number, version in ((1, '2.53'), (2, '2.69'), (2, 'latest')):
            old = 'UP'
            for body, new in NEW_CALLS:
                self.put('compute%d' % number, version, **body)
                self.assert_told(number, old, new)
                old = new

    def test_host_that_does_not_report(self):
        self.silence('compute2')
        self.put('compute2', forced_down=True)
        self.assert_told(2, 'UNKNOWN', 'DOWN')
        self.put('compute2', forced_down=False)
        self.assert_told(2, 'DOWN', 'UNKNOWN')

    def test_what_changes_nothing_is_not_announced(self):
        self.put('compute1', status='enabled')
        self.put('compute1', forced_down=False)
        self.put('compute1', status='disabled')
        self.reset()
        self.put('compute1', status='disabled', disabled_reason='disk')
        self.put_action('/v2.1', '2.1', 'compute1', 'disable-log-reason',
                        disabled_reason='another')
        self.put('compute1', forced_down=True)
        self.assert_told(1, 'MAINTENANCE', 'DOWN')
        self.put('compute1', status='enabled')
        self.put('compute1', status='disabled')
        self.assertEqual([], self.told())

    def test_what_is_refused_is_not_announced(self):
        answer = self.nova.request(
            'PUT', '/v2.1/os-services/disable', 'owner',
            {'host': 'compute1', 'binary': 'nova-compute'}, '2.1')
        self.assertEqual(403, answer.status_code)
        answer = self.nova.request(
            'PUT', '/v2.1/os-services/disable', 'admin',
            {'host': 'nowhere', 'binary': 'nova-compute'}, '2.1')
        self.assertEqual(404, answer.status_code)
        self.assertEqual([], self.told())

    def test_in_the_order_of_the_calls(self):
        for down in (True, False) * 5:
            self.put('compute1', forced_down=down)
        self.assertEqual(
            [('s1-%d' % copy, *statuses) for _round in range(5)
             for statuses in (('UP', 'DOWN'), ('DOWN', 'UP'))
             for copy in range(2)], self.told())

    def test_forms(self):
        for form, versioned, unversioned in (
                ('versioned', 2, 0), ('unversioned', 0, 2), ('both', 2, 2)):
            self.configure('notifications', notification_format=form)
            self.put('compute1', forced_down=True)
            self.assertEqual((versioned, unversioned), (
                len(self.versioned()), len(self.unversioned())), form)
            self.put('compute1', forced_down=False)
            self.wait()
            self.reset()

    def test_nothing_is_read_where_nobody_is_told(self):
        self.put('compute1', status='disabled')
        self.wait()
        with base.statements() as executed:
            self.put('compute1', status='enabled')
            self.wait()
        usual = len(executed)
        for group, options in (
                ('oslo_messaging_notifications', {'driver': []}),
                ('oslo_messaging_notifications', {'driver': ['noop']}),
                ('lockstatus', {'announce_host_status': False})):
            CONF.set_override(*next(iter(options.items())), group=group)
            try:
                self.reset()
                with base.statements() as executed:
                    self.put('compute1', status='disabled')
                    self.assertFalse(publisher().is_busy)
                    self.put('compute1', status='enabled')
                    self.assertFalse(publisher().is_busy)
            finally:
                CONF.clear_override(next(iter(options)), group=group)
            # Before each change, what is stored; after it, the cell, the
            # servers and their groups.
            self.assertEqual(2 * (usual - 4), len(executed), options)
            self.assertEqual([], self.told())

    def test_extension_that_is_not_enabled(self):
        app = base.load_app(enabled_extensions='os-server-locked-status')
        self.app_put(app)
        self.assertEqual([], self.told())
        self.app_put(base.load_app(
            enabled_extensions='os-server-host-status'))
        self.assert_told(1, 'UP', 'MAINTENANCE')

    def app_put(self, app):
        self.reset_hosts()
        answer = base.ask(
            app, 'PUT', '/v2.1/os-services/disable', 'admin', '2.1',
            {'host': 'compute1', 'binary': 'nova-compute'})
        self.assertEqual(200, answer.status_code, answer.text)

    def test_other_pipeline(self):
        self.app_put(base.load_app(pipelines=('v2',)))
        self.assertEqual([], self.told())

    def test_announced_before_the_host_has_answered(self):
        seen: list[Any] = []

        def wait_for_the_host(api, context, service):
            deadline = time.monotonic() + 10
            while len(seen) < 2 and time.monotonic() < deadline:
                time.sleep(0.01)
                seen[:] = [
                    sent for sent in
                    self.nova.services.notifier.versioned_notifications
                    if sent['event_type'] == EVENT]

        self.patch_method('nova.compute.api.HostAPI',
                          '_update_compute_provider_status',
                          wait_for_the_host)
        self.put('compute1', status='disabled')
        self.assertEqual(2, len(seen))

    def patch_method(self, owner, name, function):
        self.useFixture(fixtures.MonkeyPatch(
            '%s.%s' % (owner, name), function))

    def test_who_has_done_it(self):
        answer = self.put('compute1', forced_down=True)
        for data in self.payloads():
            self.assertEqual(
                (answer.headers['X-Compute-Request-Id'],
                 identity.ADMIN.user_id, identity.ADMIN.project_id),
                (data['request_id'], data['action_initiator_user'],
                 data['action_initiator_project']))
        for sent in self.unversioned():
            context = sent.context.to_dict()
            self.assertEqual(answer.headers['X-Compute-Request-Id'],
                             context['request_id'])
            self.assertIsNone(context.get('auth_token'))

    def test_ids(self):
        self.put('compute1', forced_down=True)
        first, second = self.payloads()
        self.assertNotEqual(first['id'], second['id'])
        self.assertEqual(first['change_id'], second['change_id'])
        self.assertEqual([first['id'], second['id']], [
            sent.payload['id'] for sent in self.unversioned()])
        self.reset()
        self.put('compute1', forced_down=False)
        self.assertNotEqual(first['change_id'],
                            self.payloads()[0]['change_id'])

    def test_priorities_and_publishers(self):
        self.silence('compute3')
        for body, priority in (
                ({'forced_down': True}, 'ERROR'),
                ({'forced_down': False}, 'ERROR'),
                ({'status': 'disabled'}, 'INFO')):
            self.put('compute3', **body)
            for sent in self.versioned():
                self.assertEqual(
                    (priority, 'nova-api:' + CONF.host),
                    (sent['priority'], sent['publisher_id']))
            for sent in self.unversioned():
                self.assertEqual(
                    (priority, 'api.' + CONF.host),
                    (sent.priority, sent.publisher_id))
            self.reset()
        self.put('compute3', status='enabled')
        self.put('compute1', status='disabled')
        self.reset()
        self.put('compute1', status='enabled')
        self.assertEqual(['INFO'] * 2,
                         [sent['priority'] for sent in self.versioned()])

    def test_host_names(self):
        self.put('compute1', forced_down=True)
        self.assertEqual([None, None],
                         [data['host'] for data in self.payloads()])
        for sent in (*self.versioned(), *(
                {**sent._asdict(), 'context': None}
                for sent in self.unversioned())):
            self.assertNotIn('compute1', json.dumps(sent))
        self.reset()
        self.configure('lockstatus', notify_host_names=True)
        self.put('compute1', forced_down=False)
        self.assertEqual(
            ['compute1'] * 4,
            [data['host'] for data in self.payloads()]
            + [sent.payload['host'] for sent in self.unversioned()])
