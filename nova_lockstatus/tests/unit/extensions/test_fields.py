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

import logging

import fixtures
import testtools

from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import fields
from nova_lockstatus.policies.lockstatus import EXTRA_KEYS


class Instance(dict):
    """The part of Nova's Instance that this module reads."""

    def __getattr__(self, name):
        return self[name]


def instance(**attributes):
    return Instance({'project_id': 'p1', 'user_id': 'u1', **attributes})


def server(**attributes):
    return base.Server(instance(**attributes), {})


def server_fields(extensions):
    return fields.Fields(extensions,
                         lambda extension: extension.server_fields)


class Extension(base.Extension):
    alias = 'x-test'
    name = description = namespace = updated = 'text'

    def __init__(self, *server_fields, instance_attributes=()):
        self.server_fields = server_fields
        self.instance_attributes = instance_attributes


class FieldsBase(testtools.TestCase):
    """Merges fields for a caller whom each rule but some lets pass."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.WARNING))
        self.refused = set()
        self.defaults = set()
        self.questions = []
        self.microversion = 1

    def may(self, rule, target):
        self.questions.append((rule, dict(target)))
        return rule not in self.refused

    def asked(self):
        return fields.RequestAccess(
            self.may,
            lambda version: self.microversion >= int(version[2:]),
            is_default=lambda rule: rule in self.defaults)

    def merge(self, *extensions, body=None, subject=None, merger=None):
        body = {'id': 'a'} if body is None else body
        merger = merger or server_fields(extensions)
        merger.merge(self.asked(), [(body, subject or server())])
        return body

    def field(self, value, key='x', rule='rule:x', **kwargs):
        return Extension(base.ServerField(key, rule, lambda _server: value,
                                          **kwargs))


class FieldsTestCase(FieldsBase):

    def test_default_rule_withholds_nothing_that_nova_shows(self):
        fields_ = [self.field(2, nova_since='2.9', **kwargs) for kwargs in (
            {}, {'follows_nova': True},
            {'follows_nova': True, 'replaces_nova': True})]
        self.refused.add('rule:x')
        for defaults, microversion, expected in (
                (set(), 9, [None, None, None]),
                ({'rule:x'}, 9, [None, 1, 2]),
                ({'rule:x'}, 8, [1, 1, 1])):
            self.defaults, self.microversion = defaults, microversion
            self.assertEqual(expected, [
                self.merge(field, body={'x': 1})['x'] for field in fields_])

    def test_adds_what_json_can_carry(self):
        for value in (None, True, 7, 1.5, 'ü\U0001f512', ['a', {'b': None}]):
            self.assertEqual({'id': 'a', 'x': value},
                             self.merge(self.field(value)))
        self.assertEqual('', self.log.output)

    def test_refuses_what_json_cannot_carry(self):
        loop = []
        loop.append(loop)
        for value in (object(), {1, 2}, float('nan'), b'bytes', loop):
            self.assertEqual({'id': 'a'}, self.merge(self.field(value)))
            self.assertIn("'x' of the extension 'x-test'", self.log.output)

    def test_computes_from_the_server(self):
        extension = Extension(base.ServerField(
            'x', 'rule:x', lambda server: server.instance.host))
        self.assertEqual(
            {'id': 'a', 'x': 'h1'},
            self.merge(extension, subject=server(host='h1')))

    def test_refused_key_is_absent_and_not_computed(self):
        self.refused.add('rule:x')
        computed = []
        extension = Extension(base.ServerField(
            'x', 'rule:x', computed.append))
        self.assertEqual({'id': 'a'}, self.merge(extension))
        self.assertEqual([], computed)

    def test_key_of_nova_stands(self):
        self.microversion = 9
        self.assertEqual(
            {'x': 'nova'},
            self.merge(self.field('ours', nova_since='2.9'),
                       body={'x': 'nova'}))
        self.assertEqual('', self.log.output)

    def test_refused_key_of_nova_is_null(self):
        self.refused.add('rule:x')
        self.microversion = 9
        self.assertEqual(
            {'x': None},
            self.merge(self.field('ours', nova_since='2.9'),
                       body={'x': 'nova'}))

    def test_refused_key_that_novas_schema_does_not_require_is_absent(self):
        self.refused.add('rule:x')
        self.microversion = 9
        self.assertEqual(
            {}, self.merge(self.field('ours', nova_since='2.9',
                                      nova_requires=False),
                           body={'x': 'nova'}))

    def test_fallback_where_the_rule_refuses(self):
        field = self.field('all', fallback=base.Fallback(
            'rule:less', lambda _server: 'less'))
        self.assertEqual({'x': 'all'}, self.merge(field, body={}))
        self.refused.add('rule:x')
        self.assertEqual({'x': 'less'}, self.merge(field, body={}))
        self.refused.add('rule:less')
        self.assertEqual({}, self.merge(field, body={}))

    def test_absent_value(self):
        self.microversion = 9
        for body in ({}, {'x': 'nova'}):
            self.assertEqual({}, self.merge(self.field(
                base.ABSENT, nova_since='2.9', replaces_nova=True),
                body=body))
        self.assertEqual('', self.log.output)

    def test_key_that_is_shown_alone(self):
        extension = self.field(7, shown_alone=True)
        body = {}
        server_fields([extension]).merge(
            self.asked()._replace(shows_alone=True), [(body, server())])
        self.assertEqual({'x': 7}, body)
        self.assertEqual({}, self.merge(extension, body={}))

    def test_hypervisor_has_no_target(self):
        extension = Extension()
        extension.hypervisor_fields = (base.HypervisorField(
            'x', 'rule:x', lambda hypervisor: hypervisor.service),)
        body = {}
        fields.Fields([extension], lambda e: e.hypervisor_fields).merge(
            self.asked(), [(body, base.Hypervisor('node', 'service'))])
        self.assertEqual({'x': 'service'}, body)
        self.assertEqual([(EXTRA_KEYS, {}), ('rule:x', {})],
                         self.questions)

    def test_refused_key_that_nova_does_not_have_yet_is_absent(self):
        self.refused.add('rule:x')
        self.microversion = 8
        self.assertEqual(
            {}, self.merge(self.field('ours', nova_since='2.9'), body={}))

    def test_other_key_of_nova_is_never_touched(self):
        for refused in (set(), {'rule:x'}):
            self.refused = refused
            self.assertEqual({'x': 'nova'}, self.merge(self.field('ours'),
                                                       body={'x': 'nova'}))
        self.assertIn('the answer has that key', self.log.output)

    def test_first_extension_counts(self):
        self.assertEqual({'x': 1}, self.merge(self.field(1), self.field(2),
                                              body={}))

    def test_error_leaves_out_that_field_alone(self):
        def fail(_server):
            raise RuntimeError('no such rack')

        extension = Extension(base.ServerField('x', 'rule:x', fail),
                              base.ServerField('y', 'rule:y', lambda _s: 2))
        self.assertEqual({'y': 2}, self.merge(extension, body={}))
        self.assertIn('Traceback', self.log.output)
        self.assertIn('RuntimeError: no such rack', self.log.output)

    def test_one_warning_for_each_cause(self):
        def fail(server):
            if server.instance.host == 'h1':
                raise RuntimeError(server.instance.host)
            raise RuntimeError(server.instance.host)

        merger = server_fields(
            [Extension(base.ServerField('x', 'rule:x', fail))])
        for host in ('h1', 'h1', 'h2', 'h3'):
            self.merge(merger=merger, subject=server(host=host))
        self.assertEqual(2, self.log.output.count('is left out'))

    def test_rule_that_cannot_be_asked_is_refused(self):
        def may(rule, target):
            raise RuntimeError('policy file is gone')

        body = {'y': 'secret'}
        server_fields([self.field(1), self.field(
            2, key='y', nova_since='2.1')]).merge(
                fields.RequestAccess(may, lambda version: True),
                [(body, server())])
        self.assertEqual({'y': None}, body)
        self.assertIn('policy file is gone', self.log.output)

    def test_attribute_that_is_not_known(self):
        extension = Extension(
            base.ServerField('x', 'rule:x', lambda s: s.instance.host),
            instance_attributes=('host',))
        self.assertEqual({'id': 'a'}, self.merge(extension))
        self.assertEqual('', self.log.output)

    def test_rule_is_asked_once_for_each_owner(self):
        bodies = [{} for _ in range(5)]
        owners = [('p1', 'u1'), ('p1', 'u1'), ('p2', 'u1'), ('p2', 'u2'),
                  ('p1', 'u1')]
        server_fields([self.field(1)]).merge(self.asked(), [
            (body, server(project_id=project, user_id=user))
            for body, (project, user) in zip(bodies, owners)])
        self.assertEqual([{'x': 1}] * 5, bodies)
        self.assertEqual(
            [(rule, {'project_id': project, 'user_id': user})
             for project, user in (('p1', 'u1'), ('p2', 'u1'), ('p2', 'u2'))
             for rule in (EXTRA_KEYS, 'rule:x')],
            self.questions)

    def test_user_of_a_server_in_a_down_cell_is_not_known(self):
        subject = base.Server(Instance({'project_id': 'p1'}), {})
        self.merge(self.field(1), subject=subject)
        self.assertEqual(
            [(rule, {'project_id': 'p1', 'user_id': None})
             for rule in (EXTRA_KEYS, 'rule:x')], self.questions)


class ExtraKeysTestCase(FieldsBase):
    """A caller who gets no key that Nova does not have."""

    def setUp(self):
        super().setUp()
        self.refused.add(EXTRA_KEYS)
        self.microversion = 9

    def test_key_that_nova_never_has_is_absent(self):
        self.assertEqual({'id': 'a'}, self.merge(self.field(1)))
        # Nor is its rule asked.
        self.assertEqual([EXTRA_KEYS], [rule for rule, _ in self.questions])

    def test_key_that_nova_does_not_have_yet_is_absent(self):
        self.microversion = 8
        self.assertEqual({'id': 'a'},
                         self.merge(self.field(1, nova_since='2.9')))

    def test_key_that_novas_answer_leaves_out_is_absent(self):
        self.assertEqual({'id': 'a'},
                         self.merge(self.field(1, nova_since='2.9')))

    def test_value_of_nova_is_not_replaced(self):
        self.assertEqual(
            {'x': 'nova'},
            self.merge(self.field('ours', nova_since='2.9',
                                  replaces_nova=True), body={'x': 'nova'}))

    def test_rule_of_the_field_counts_where_nova_has_the_key(self):
        self.refused.add('rule:x')
        self.assertEqual(
            {'x': None}, self.merge(self.field('ours', nova_since='2.9'),
                                    body={'x': 'nova'}))

    def test_fallback_permits_some_of_novas_values(self):
        self.refused.add('rule:x')
        for permits, shown in (
                (None, {'x': 'nova'}),
                (lambda value: value == 'nova', {'x': 'nova'}),
                (lambda value: value == 'ours', {}),
                (lambda value: value.nothing, {})):
            field = self.field(
                'all', nova_since='2.9', nova_requires=False,
                replaces_nova=True, fallback=base.Fallback(
                    'rule:less', lambda _server: 'ours', permits))
            self.assertEqual(shown, self.merge(field, body={'x': 'nova'}))
        self.assertIn('it cannot be checked', self.log.output)

    def test_rule_that_cannot_be_asked_refuses(self):
        def may(rule, target):
            if rule == EXTRA_KEYS:
                raise RuntimeError('policy file is gone')
            return True

        body = {}
        server_fields([self.field(1)]).merge(fields.RequestAccess(
            may, lambda version: True), [(body, server())])
        self.assertEqual({}, body)
        self.assertIn('policy file is gone', self.log.output)

    def test_each_owner_is_decided_by_itself(self):
        def may(rule, target):
            return rule != EXTRA_KEYS or target['project_id'] == 'p1'

        bodies = [{}, {}]
        server_fields([self.field(1)]).merge(
            fields.RequestAccess(may, lambda version: True),
            zip(bodies, (server(), server(project_id='p2'))))
        self.assertEqual([{'x': 1}, {}], bodies)
