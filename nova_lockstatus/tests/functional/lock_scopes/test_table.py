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

"""Each changing call under each lock, by each kind of caller.

One table says what is expected: :func:`expect`. Whoever passes a lock has to
say why here, and does not: so no call that a lock refuses is ever made. What a
lock lets pass finds a server that is being built, which Nova leaves alone.
"""

import collections
import contextlib
from typing import Any

import fixtures
from nova import context as nova_context
from nova import exception
from nova import objects
from nova import policies as nova_policies
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.core.bypass_reason import HEADER
from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import server_group as group
from nova_lockstatus.tests.fixtures import state_lock_requests as requests
from nova_lockstatus.tests.fixtures.scope_locks_case import OWNER
from nova_lockstatus.tests.fixtures.scope_locks_case import ScopeLocksTestCase
from nova_lockstatus.tests.fixtures.state_lock_case import FloatingIp

SERVICE = identity.Identity(
    'service', 'a0000000000000000000000000000009', 'cinder',
    '5e110000000000000000000000000001', 'service', ('service',))

CALLERS = {'owner': 'owner', 'other member': 'member', 'reader': 'reader',
           'admin': 'admin', 'service': SERVICE, 'other project': 'other'}

INSIDE = ('owner', 'other member', 'reader', 'admin')
"""The callers who may see the server at all."""

SCOPES = {'server': ' is locked%s by admin: why$',
          'project': ' is locked with its project%s by admin: why$',
          'host': ' is locked with its host%s by admin: why$'}

LEVELS = {'change': '', 'delete': ' against deletion'}

# Nova's own rules let administrators alone make these calls.
ADMINS = {'evacuate', 'force_complete', 'injectNetworkInfo', 'migrate',
          'os-migrateLive', 'os-resetState', 'shelveOffload',
          'DELETE /servers/{}/migrations/{}', *state_lock_calls.HOST}

# Of these, Nova asks its rule of whoever may not see the server, too.
RULE_FIRST = {*state_lock_calls.HOST, 'PUT /servers/{}/tags',
              'DELETE /servers/{}/tags', 'PUT /servers/{}/tags/{}',
              'DELETE /servers/{}/tags/{}', 'POST /servers/{}/shares',
              'DELETE /servers/{}/shares/{}'}

# Of this one it asks it before it looks for anything.
NEEDS_A_ROLE = {'DELETE /os-floating-ips/{}'}

# In some releases, Nova lets no administrator of another project make these.
SHARES = {'POST /servers/{}/shares', 'DELETE /servers/{}/shares/{}'}

ADMINS_MAY_SHARE = 'rule:project_member_or_admin' in {
    rule.check_str for rule in nova_policies.list_rules()
    if rule.name == 'os_compute_api:os-server-shares:create'}

# Where these pass, the Neutron of the tests has not what Nova asks of it.
FAIL_IN_NEUTRON = {'DELETE /os-floating-ips/{}', 'addSecurityGroup',
                   'removeSecurityGroup'}

LOCKED = 'refused by the lock'
NEEDS_REASON = 'may bypass the lock, and has to say why'
FORBIDDEN = 'refused by the rule of the call'
HIDDEN = 'no such server'
PASSES = 'passes the lock'
FAILS = 'fails in Nova'


def expect(call: str, level: str, caller: str) -> str:
    """Return what becomes of a call. Of the scope nothing depends."""
    if caller not in INSIDE:
        refused = call in RULE_FIRST or (
            call in NEEDS_A_ROLE and caller == 'service')
        return FORBIDDEN if refused else HIDDEN
    if caller == 'admin' and call in SHARES and not ADMINS_MAY_SHARE:
        return FORBIDDEN
    if caller == 'reader' or call in ADMINS and caller != 'admin':
        return FORBIDDEN
    if level == 'delete' and call not in state_lock_calls.DESTROYS:
        return PASSES
    return NEEDS_REASON if caller == 'admin' else LOCKED


class TableTestCase(ScopeLocksTestCase):

    aliases = [*ScopeLocksTestCase.aliases, 'os-server-state-lock']
    nova_options: dict[str, Any] = {
        'config': {('lockstatus', 'bypass_needs_reason'): True}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('attached', networks='auto')
        cls.port = cls.nova.request(
            'GET', '/v2.1/servers/%s/os-interface' % cls.server_id, 'owner',
        ).json['interfaceAttachments'][0]

    def setUp(self):
        super().setUp()
        self.useFixture(FloatingIp(self.port))
        self.useFixture(fixtures.MonkeyPatch(
            'nova.objects.BlockDeviceMapping.get_by_volume_and_instance',
            lambda *args, **kwargs: objects.BlockDeviceMapping(
                boot_index=0)))

    def calls(self):
        """Yield each call that changes a server, and a valid request."""
        for name, method, path, _function in state_lock.calls():
            if (state_lock_calls.kind(name)
                    is not state_lock_calls.Kind.CHANGES
                    or name in requests.EXEMPT
                    or path.startswith('/os-volumes_boot/')):
                continue
            for request in requests.CHANGES.get(name, ())[:1]:
                yield name, method, path, request

    def set_state(self, vm_state='building', task_state='spawning'):
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(
            context, self.nova.services.cell_mappings['cell1'])
        table = models.Instance.__table__
        with db.get_context_manager(context).writer.using(
                context) as session:
            session.execute(table.update().where(
                table.c.uuid == self.server_id).values(
                    vm_state=vm_state, task_state=task_state))

    def make(self, name, method, path, request, caller):
        self.set_state()
        with contextlib.suppress(exception.InstanceGroupIdExists):
            group.make([self.server_id], requests.UUID)
        filled, body = requests.fill(name, path, request, self.server_id)
        return self.nova.request(method, '/v2.1' + filled, CALLERS[caller],
                                 body, request.microversion)

    def outcome(self, answer, text):
        """Tell what became of a call."""
        if answer.status_code == 409 and HEADER in answer.text:
            return NEEDS_REASON
        if answer.status_code == 409 and ' is locked' in answer.text:
            self.assertRegex(self.message(answer), text)
            return LOCKED
        if answer.status_code == 500:
            return FAILS
        return {403: FORBIDDEN, 404: HIDDEN}.get(answer.status_code, PASSES)

    def set_lock(self, scope, level):
        if scope == 'server':
            answer = self.ask(
                'POST', '/servers/%s/action' % self.server_id, 'admin', {
                    'lock': {'level': level, 'locked_reason': 'why'}})
            self.assertEqual(202, answer.status_code, answer.text)
            return
        self.make_lock(scope, OWNER if scope == 'project' else 'compute1',
                       level=level, locked_reason='why')

    def lift_all(self):
        self.clear()
        self.ask('POST', '/servers/%s/action' % self.server_id, 'admin',
                 {'unlock': None})

    def check(self, scope, level):
        """Make each call as each caller, and return how many were what."""
        self.set_lock(scope, level)
        self.addCleanup(self.set_state, 'active', None)
        self.addCleanup(self.lift_all)
        counts: collections.Counter[str] = collections.Counter()
        wrong = []
        for name, method, path, request in self.calls():
            for caller in CALLERS:
                answer = self.make(name, method, path, request, caller)
                if answer.status_code == 410:
                    # Nova has it no more.
                    continue
                found = self.outcome(answer, SCOPES[scope] % LEVELS[level])
                expected = expect(name, level, caller)
                if expected == PASSES and found == HIDDEN:
                    # Not the server, but what the call is to change of it.
                    self.assertEqual(200, self.ask(
                        'GET', '/servers/' + self.server_id).status_code)
                    found = PASSES
                if found == FAILS and name in FAIL_IN_NEUTRON:
                    found = PASSES
                counts[found] += 1
                if found != expected:
                    wrong.append((name, scope, level, caller, expected,
                                  answer.status_code, answer.text))
        self.assertEqual([], wrong, '\n'.join(map(str, wrong)))
        return counts

    def check_level(self, level):
        for scope in SCOPES:
            counts = self.check(scope, level)
            self.lift_all()
            destroying = {name for name, *_rest in self.calls()
                          if name in state_lock_calls.DESTROYS}
            self.assertLess(
                40 if level == 'change' else len(destroying) - 1,
                counts[NEEDS_REASON])
            self.assertEqual(level == 'delete', counts[PASSES] > 0)

    def test_level_change(self):
        self.check_level('change')

    def test_level_delete(self):
        self.check_level('delete')

    def test_each_changing_call_is_in_the_table(self):
        names = {name for name, *_rest in state_lock.calls()}
        self.assertEqual(set(), (ADMINS | RULE_FIRST | NEEDS_A_ROLE) - names)
