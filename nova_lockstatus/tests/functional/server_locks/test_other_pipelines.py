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

"""Calls through stock Nova, and through pipelines without os-server-locks."""

from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import server_locks_case as case


class OtherPipelinesTestCase(case.ServerLocksTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.others = {
            'stock': base.load_app(pipelines=()),
            'reasons': base.load_app(
                enabled_extensions='os-server-locked-status')}

    def each(self):
        """Yield a function that makes an action in another pipeline."""
        for name, app in self.others.items():
            def act(body, token='owner', app=app):
                answer = base.ask(
                    app, 'POST', '/v2.1/servers/%s/action' % self.server_id,
                    token, '2.73', body)
                self.assertEqual(202, answer.status_code, answer.text)

            yield name, act
            self.act({'unlock': None}, 'admin')
            self.assertEqual([], self.records(), name)

    def holders(self):
        return [(record.locked_by, record.reason, record.user_id)
                for record in self.records()]

    def test_its_lock_is_lifted_by_who_made_it(self):
        for name, act in self.each():
            act({'lock': {'locked_reason': 'old'}}, 'admin')
            self.assertEqual(403, self.act({'unlock': None}).status_code)
            self.set_lock('owner', locked_reason='mine')
            self.assertEqual([
                ('admin', 'old', identity.ADMIN.user_id),
                ('owner', 'mine', identity.OWNER.user_id)], self.holders())
            self.unlock('admin')
            self.assertEqual((True, 'owner', 'mine'), self.columns(), name)

    def test_its_lock_is_shown(self):
        for _name, act in self.each():
            self.set_lock('owner', locked_reason='mine',
                          locked_until=case.in_time(days=2))
            act({'lock': {'locked_reason': 'theirs'}}, 'admin')
            for shown in (self.show(self.server_id),
                          self.detail()[self.server_id]):
                self.assertEqual((True, 'admin', 'theirs', None), (
                    shown['locked'], shown['locked_by'],
                    shown['locked_reason'], shown['locked_until']))
            self.unlock('admin')
            self.assertEqual((True, 'owner', 'mine'), self.columns())

    def test_its_unlock_lifts_all_but_protections(self):
        for name, act in self.each():
            self.set_lock('owner', locked_reason='mine')
            self.set_lock('member', level='delete', locked_reason='keep')
            act({'unlock': None})
            shown = self.show(self.server_id)
            self.assertEqual((False, True), (
                shown['locked'], shown['delete_protected']), name)
            self.set_lock('admin', locked_reason='new')
            self.assertEqual([
                ('admin', 'new', identity.ADMIN.user_id),
                ('owner', 'keep', identity.MEMBER.user_id)], self.holders())
            self.unlock('admin')

    def test_lock_is_one_of_novas(self):
        """After the extension is off again."""
        for _name, act in self.each():
            self.set_lock('owner', locked_reason='mine',
                          locked_until=case.in_time(days=2))
            self.set_lock('admin', locked_reason='theirs')
            act({'unlock': None}, 'admin')
            self.assertEqual((False, None, None), self.columns())

    def test_keys_are_novas_concern_without_the_extension(self):
        for _name, app in self.others.items():
            for microversion, status in (('2.1', 202), ('2.73', 400)):
                answer = base.ask(
                    app, 'POST', '/v2.1/servers/%s/action' % self.server_id,
                    'owner', microversion, {'lock': {'level': 'delete'}})
                self.assertEqual(status, answer.status_code)
            server = base.ask(app, 'GET', '/v2.1/servers/' + self.server_id,
                              'owner').json['server']
            self.assertNotIn('locked_until', server)
            self.assertNotIn('delete_protected', server)
