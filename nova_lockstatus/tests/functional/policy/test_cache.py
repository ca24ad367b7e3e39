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

"""Asks as few questions as give the same answers as asking each."""

import itertools

from nova import context
from nova import policy as nova_policy
from oslo_policy import policy

from nova_lockstatus.api import pipeline
from nova_lockstatus.api.policy_cache import PolicyCache
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.tests.fixtures import base

RULES = {
    'x:reader': 'rule:project_reader_or_admin',
    'x:reader-too': 'rule:project_reader_or_admin',
    'x:owner': 'user_id:%(user_id)s and not role:guest',
    'x:admin': 'rule:context_is_admin',
    'x:anybody': '@',
    'x:nobody': '!',
    # These have to be asked for each target.
    'x:other-key': 'project_domain_id:%(project_id)s',
    'x:crossed': 'user_id:%(project_id)s',
    'x:one-project': "'p2':%(project_id)s",
    'x:role-of-target': 'role:%(project_id)s',
    'x:through-a-rule': 'rule:x:crossed or rule:x:admin',
}


class Context(context.RequestContext):
    """Counts what it is asked."""

    asked = 0

    def can(self, *args, **kwargs):
        self.asked += 1
        return super().can(*args, **kwargs)


class PolicyCacheTestCase(base.NovaTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, check in RULES.items():
            nova_policy._ENFORCER.register_default(
                policy.RuleDefault(name, check, scope_types=['project']))
        nova_policy._ENFORCER.load_rules(force_reload=True)

    def targets(self):
        for project, user in itertools.product(
                ('p1', 'p2', 'p3', 'u1', 'd1', None), ('u1', 'u2', None)):
            yield {'project_id': project, 'user_id': user}
        yield {}

    def callers(self):
        for roles in ((), ('reader',), ('reader', 'p3'), ('guest',),
                      ('admin', 'member', 'reader')):
            yield Context(user_id='u1', project_id='p1', roles=list(roles),
                          project_domain_id='d1')

    def test_same_answers_as_asking_each(self):
        answers = set()
        for caller in self.callers():
            asker = PolicyCache(caller)
            for rule, target in itertools.product(RULES, self.targets()):
                expected = bool(caller.can(rule, target=target, fatal=False))
                self.assertEqual(expected, asker.may(rule, target),
                                 (rule, target, caller.roles))
                answers.add((rule, expected))
        # Else the rules would have told nothing.
        self.assertEqual(2 * len(RULES) - 2, len(answers))

    def asked(self, *rules):
        caller = Context(user_id='u1', project_id='p1', roles=['reader'])
        asker = PolicyCache(caller)
        for rule in rules:
            for number in range(100):
                asker.may(rule, {'project_id': 'p%d' % number,
                                 'user_id': 'u%d' % (number % 10)})
        return caller.asked

    def test_a_question_for_each_relation_to_the_owner(self):
        # What the rule compares is the caller's, or it is not.
        self.assertEqual(2, self.asked('x:reader'))
        self.assertEqual(2, self.asked('x:reader', 'x:reader-too'))
        self.assertEqual(4, self.asked('x:reader', 'x:owner'))
        self.assertEqual(1, self.asked('x:admin'))

    def test_what_nova_has_asked_is_known(self):
        caller = Context(user_id='u1', project_id='p1', roles=['reader'])
        other = Context(user_id='u1', project_id='p1', roles=[])
        mine = {'project_id': 'p1'}
        for nova_asks, context_asked, target, expected in (
                ('x:reader', caller, mine, 0),
                ('x:reader-too', caller, mine, 0),
                ('x:reader', caller, {'project_id': 'p2'}, 1),
                ('x:reader', caller, None, 1),
                ('x:reader', other, mine, 1),
                ('x:owner', caller, mine, 1),
                ('x:other-key', caller, mine, 1)):
            state = RequestState(
                pipeline.Pipeline([], lambda service: True), 'show',
                context=caller)
            asker = state.policy
            token = CURRENT.set(state)
            try:
                context_asked.can(nova_asks, target=target, fatal=False)
            finally:
                CURRENT.reset(token)
            before = caller.asked
            self.assertTrue(asker.may('x:reader', {**mine, 'user_id': 'u2'}))
            self.assertEqual(expected, caller.asked - before,
                             (nova_asks, target))

    def test_a_question_for_each_target_where_a_rule_asks_more(self):
        for rule in ('x:other-key', 'x:crossed', 'x:role-of-target',
                     'x:through-a-rule', 'x:one-project'):
            self.assertEqual(100, self.asked(rule))

    def test_unknown_rule_raises_each_time(self):
        asker = PolicyCache(Context(user_id='u1', project_id='p1'))
        for _ in range(2):
            self.assertRaises(policy.PolicyNotRegistered, asker.may, 'x:none',
                              {})
