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

"""Who may change locked servers."""

import collections
import contextlib
import gc
import time
import types
import uuid

import fixtures
from nova.compute import api as compute_api
from nova.db.main import models
from nova.tests import fixtures as nova_fixtures

from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.embedded import identity
from nova_lockstatus.policies import server_state_lock as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import server_lock_probe as probe
from nova_lockstatus.tests.fixtures import state_lock_requests as requests
from nova_lockstatus.tests.fixtures.state_lock_case import EXTENSIONS
from nova_lockstatus.tests.fixtures.state_lock_case import RENAME
from nova_lockstatus.tests.fixtures.state_lock_case import CachedNetwork
from nova_lockstatus.tests.fixtures.state_lock_case import FloatingIp
from nova_lockstatus.tests.fixtures.state_lock_case import StateLockTestCase

OPERATOR = identity.MEMBER
"""Somebody who is no admin, and may change locked servers."""


class BypassTestCase(StateLockTestCase):
    """A rule of the operator's own: one user passes, admins do not."""

    options = {'config': EXTENSIONS,
               'policy': {policies.BYPASS: 'user_id:' + OPERATOR.user_id}}

    def test_passes_what_novas_own_check_lets_only_admins_pass(self):
        server_id = self.boot()
        self.lock(server_id, 'admin', 'unpaid')
        for body, status in (
                ({'os-stop': None}, 'SHUTOFF'),
                ({'os-start': None}, 'ACTIVE'), ({'suspend': None},
                                                 'SUSPENDED'),
                ({'resume': None}, 'ACTIVE'),
                ({'rebuild': {'imageRef': requests.IMAGE}}, 'ACTIVE')):
            for token in ('owner', 'admin'):
                self.assert_locked(self.act(server_id, body, token),
                                   server_id, ' by admin: unpaid')
            answer = self.act(server_id, body, OPERATOR.token)
            self.assertEqual(202, answer.status_code, answer.text)
            self.nova.wait_for(server_id, status)
        for answer in (
                self.rename(server_id, OPERATOR.token),
                self.ask('POST', '/servers/%s/metadata' % server_id,
                         OPERATOR.token, {'metadata': {'a': 'b'}}),
                self.ask('PUT', '/servers/%s/tags/red' % server_id,
                         OPERATOR.token, None, '2.26')):
            self.assertLess(answer.status_code, 300, answer.text)
        self.assertEqual(
            204, self.ask('DELETE', '/servers/' + server_id,
                          OPERATOR.token).status_code)

    def test_lock_is_stored_and_told_as_ever(self):
        server_id = self.boot()
        self.lock(server_id, 'admin', 'unpaid')
        self.nova.services.notifier.reset()
        answer = self.act(server_id, {'os-stop': None}, OPERATOR.token)
        self.assertEqual(202, answer.status_code, answer.text)
        self.nova.wait_for(server_id, 'SHUTOFF')
        told = [payload['locked'] for payload in (
            notification['payload']['nova_object.data'] for notification
            in self.nova.services.notifier.versioned_notifications
            if notification['event_type'].startswith('instance.'))
            if payload['uuid'] == server_id]
        self.assertNotEqual([], told)
        self.assertEqual({True}, set(told))
        row = self.row(server_id)
        self.assertEqual((True, 'admin'), (row['locked'], row['locked_by']))

    def test_another_server_stays_locked_to_who_passes_for_one(self):
        # Nova's check is passed in a call of its own, and no other.
        server_id = self.boot()
        self.lock(server_id, 'admin', 'unpaid')
        self.rename(server_id, OPERATOR.token)
        self.assert_locked(self.act(server_id, {'os-stop': None}),
                           server_id, ' by admin: unpaid')
        stock = base.load_app(pipelines=())
        answer = base.ask(stock, 'POST', '/v2.1/servers/%s/action' % server_id,
                          OPERATOR.token, body={'os-stop': None})
        self.assertEqual(409, answer.status_code, answer.text)

    def test_each_check_of_novas_has_a_way_past_it(self):
        def function(self, context, instance):
            pass

        probed = compute_api.check_instance_lock(function)
        checks = {layer for layer in gc.get_referrers(probed.__code__)
                  if isinstance(layer, types.FunctionType)} - {probed}
        passed = set()
        outside = collections.defaultdict(set)
        for layer in gc.get_objects():
            if not isinstance(layer, types.FunctionType):
                continue
            file = layer.__code__.co_filename.rpartition('/')[2]
            if file == 'server_lock_bypass.py' and hasattr(
                layer, '__wrapped__'):
                passed.add(layer.__wrapped__)
            for cell in layer.__closure__ or ():
                # There may be nothing in it yet.
                with contextlib.suppress(ValueError):
                    outside[id(cell.cell_contents)].add(file)
        self.assertGreater(len(checks), 30)
        self.assertEqual(set(), checks - passed)
        for check in checks:
            self.assertEqual(
                {'server_lock_bypass.py'}, outside[id(check)], check)


class DefaultTestCase(StateLockTestCase):
    """Admins pass, as they always did."""

    def test_admin_passes_each_call_that_the_owner_does_not(self):
        server_id = self.boot()
        self.lock(server_id, 'owner', 'mine')
        walked = [call[:3] for call in state_lock.calls()
                  if call[0] in requests.CHANGES
                  and call[2].startswith('/servers/')]
        refused = []
        for name, method, path in walked:
            answer = self.first(name, method, path, server_id, 'owner')
            # No server has the address that removeFloatingIp names.
            if answer.status_code != 403 and name != 'removeFloatingIp':
                self.assert_locked(answer, server_id, ' by owner: mine')
                refused.append(name)
        self.assertGreater(len(refused), 35)
        for name, method, path in walked:
            answer = self.first(name, method, path, server_id, 'admin')
            self.assertNotIn('is locked', answer.text, name)

    def first(self, name, method, path, server_id, token):
        request = requests.CHANGES[name][0]
        filled, body = requests.fill(name, path, request, server_id)
        return self.ask(method, filled, token, body, request.microversion)

    def test_admin_passes_and_owner_does_not(self):
        server_id = self.boot()
        self.lock(server_id, 'owner', 'mine')
        self.assert_locked(self.rename(server_id), server_id,
                           ' by owner: mine')
        self.assertEqual(
            200, self.rename(server_id, 'admin').status_code)
        self.act(server_id, {'unlock': None})
        self.assertEqual(200, self.rename(server_id).status_code)

    def test_a_server_that_is_gone_is_answered_for_as_by_stock_nova(self):
        server_id = self.boot()
        self.lock(server_id, 'admin', 'unpaid')
        path = '/servers/' + server_id
        self.ask('DELETE', path, 'admin')
        while self.ask('GET', path, 'admin').status_code == 200:
            pass
        stock = base.load_app(pipelines=())
        for name, method, path, _function in state_lock.calls():
            if (name not in requests.CHANGES
                    or not path.startswith('/servers/')):
                continue
            request = requests.CHANGES[name][0]
            path, body = requests.fill(name, path, request, server_id)
            answers = [base.ask(app, method, '/v2.1' + path, 'owner',
                                request.microversion, body)
                       for app in (stock, self.nova.app)]
            self.assertEqual(*[(answer.status, answer.json)
                               for answer in answers])
            self.assertNotIn('is locked', answers[0].text)

    def test_a_lock_in_the_midst_of_a_call_is_for_the_next(self):
        server_id = self.boot()
        rebuild = compute_api.API.rebuild

        def lock_and_rebuild(*args, **kwargs):
            self.lock(server_id, 'admin', 'unpaid')
            return rebuild(*args, **kwargs)

        body = {'rebuild': {'imageRef': requests.IMAGE}}
        with fixtures.MonkeyPatch('nova.compute.api.API.rebuild',
                                  lock_and_rebuild):
            # Nova reads the server again, to show it.
            answer = self.act(server_id, body)
        self.assertEqual(202, answer.status_code, answer.text)
        self.assertIs(True, answer.json['server']['locked'])
        self.nova.wait_for(server_id, 'ACTIVE')
        self.assert_locked(self.act(server_id, body), server_id,
                           ' by admin: unpaid')

    def test_not_scheduled_yet(self):
        # Without an answer of the conductor only a build request exists.
        self.useFixture(fixtures.MonkeyPatch(
            'nova.conductor.manager.ComputeTaskManager.'
            'schedule_and_build_instances', lambda *args, **kwargs: None))
        server_id = self.boot(wait=False)
        stock = base.load_app(pipelines=())
        for method, path, body in (
                ('PUT', '/tags/red', None),
                ('PUT', '', RENAME), ('DELETE', '', None)):
            path = '/v2.1/servers/%s%s' % (server_id, path)
            answers = [base.ask(app, method, path, 'owner', '2.26', body)
                       for app in ((self.nova.app,) if method == 'DELETE'
                                   else (stock, self.nova.app))]
            self.assertEqual(answers[0].status, answers[-1].status)
            self.assertNotEqual(503, answers[-1].status_code)
        self.assertEqual(204, answers[-1].status_code)

    def test_services_go_on_working(self):
        server_id = self.boot(networks='auto')
        volume = nova_fixtures.CinderFixture.SWAP_OLD_VOL
        answer = self.ask(
            'POST', '/servers/%s/os-volume_attachments' % server_id, 'owner',
            {'volumeAttachment': {'volumeId': volume}})
        self.assertEqual(200, answer.status_code, answer.text)
        self.lock(server_id, 'admin', 'unpaid')
        answer = self.ask('POST', '/os-server-external-events', 'admin', {
            'events': [{'name': 'network-changed',
                        'server_uuid': server_id}]})
        self.assertEqual(200, answer.status_code, answer.text)


class BoundTestCase(StateLockTestCase):
    """Nobody passes, admins neither."""

    options = {'config': EXTENSIONS,
               'policy': {policies.BYPASS: '!',
                          'os_compute_api:os-volumes-attachments:swap': ''}}

    def attached(self):
        """Boot a server, attach a volume, and lock it."""
        # The volume may be attached to the server of another test.
        self.nova.services.cinder.volume_to_attachment.clear()
        server_id = self.boot()
        volume = nova_fixtures.CinderFixture.SWAP_OLD_VOL
        path = '/servers/%s/os-volume_attachments' % server_id
        answer = self.ask('POST', path, 'owner',
                          {'volumeAttachment': {'volumeId': volume}})
        self.assertEqual(200, answer.status_code, answer.text)
        # nova-compute does the rest.
        while self.attachments(server_id)[-1]['connection_info'] in (
                None, '{}', 'null'):
            time.sleep(0.05)
        self.nova.wait_for(server_id, 'ACTIVE')
        self.lock(server_id, 'admin', 'unpaid')
        self.addCleanup(self.act, server_id, {'unlock': None}, 'admin')
        return server_id, path + '/' + volume

    def attachments(self, server_id):
        return probe.read(self.nova, models.BlockDeviceMapping.__table__,
                          'instance_uuid', server_id)

    def test_cinder_swaps_a_volume(self):
        new = nova_fixtures.CinderFixture.SWAP_NEW_VOL
        for version in ('2.1', '2.85'):
            server_id, path = self.attached()
            answer = self.ask('PUT', path, 'admin',
                              {'volumeAttachment': {'volumeId': new}}, version)
            self.assertEqual(202, answer.status_code, answer.text)
            while self.attachments(server_id)[-1]['volume_id'] != new:
                time.sleep(0.05)
            self.nova.wait_for(server_id, 'ACTIVE')
            self.act(server_id, {'unlock': None}, 'admin')
            self.ask('DELETE', '/servers/' + server_id, 'admin')
            while self.ask('GET', '/servers/' + server_id,
                           'admin').status_code == 200:
                time.sleep(0.05)

    def test_a_swap_changes_nothing_else(self):
        server_id, path = self.attached()
        before = self.attachments(server_id)
        answer = self.ask('PUT', path, 'admin', {'volumeAttachment': {
            'volumeId': nova_fixtures.CinderFixture.SWAP_NEW_VOL,
            'delete_on_termination': True}}, '2.85')
        self.assert_locked(answer, server_id, ' by admin: unpaid')
        self.assertEqual(before, self.attachments(server_id))

    def test_swap_of_who_is_no_admin_is_for_novas_own_check(self):
        server_id, path = self.attached()
        answer = self.ask('PUT', path, 'owner', {'volumeAttachment': {
            'volumeId': nova_fixtures.CinderFixture.SWAP_NEW_VOL}})
        self.assert_locked(answer, server_id, ' by admin: unpaid')

    def boot_with_address(self, name):
        server_id = self.boot(name, networks='auto')
        return server_id, self.ask(
            'GET', '/servers/%s/os-interface' % server_id, 'owner',
        ).json['interfaceAttachments'][0]

    def add_address(self, server_id, microversion='2.1'):
        with CachedNetwork():
            return self.act(
                server_id, {'addFloatingIp': {'address': requests.ADDRESS}},
                'owner', microversion)

    def test_address_is_not_taken_from_a_locked_server(self):
        locked, port = self.boot_with_address('locked')
        other, _port = self.boot_with_address('other')
        address = self.useFixture(FloatingIp(port))
        self.lock(locked, 'admin', 'unpaid')
        for version in ('2.1', '2.43'):
            answer = self.add_address(other, version)
            self.assert_locked(answer, locked, ' by admin: unpaid')
        self.assertEqual([], address.updated)
        self.act(locked, {'unlock': None}, 'admin')
        answer = self.add_address(other)
        self.assertEqual(202, answer.status_code, answer.text)
        self.assertEqual(1, len(address.updated))

    def test_address_of_what_is_no_server(self):
        other, port = self.boot_with_address('other')
        self.useFixture(FloatingIp(port))
        for holder in (None, str(uuid.uuid4()), 'lbaas-1', other):
            with fixtures.MonkeyPatch(
                    'nova.network.neutron.API.'
                    'get_instance_id_by_floating_address',
                    lambda *args, holder=holder: holder):
                answer = self.add_address(other)
            self.assertEqual(202, answer.status_code, answer.text)
