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

import hypothesis
import testtools
from hypothesis import strategies

from nova_lockstatus import exception
from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.paste_texts import CONTEXT
from nova_lockstatus.tests.fixtures.paste_texts import MAP
from nova_lockstatus.tests.fixtures.paste_texts import OTHERS
from nova_lockstatus.tests.fixtures.paste_texts import PIPELINE
from nova_lockstatus.tests.fixtures.paste_texts import ROUTER
from nova_lockstatus.tests.fixtures.paste_texts import SMALL
from nova_lockstatus.tests.fixtures.paste_texts import changes
from nova_lockstatus.tests.fixtures.paste_texts import values_of

FILES = sorted(repository.API_PASTE.glob('*.ini'))

def text_of(path):
    return path.read_bytes().decode()


class FilesTestCase(testtools.TestCase):
    """The files that are in the field."""

    OWN_SECTION = {('filter:lockstatus', 'use'): ('egg:nova-lockstatus',),
                   ('filter:lockstatus', 'here'): ('/etc/nova',)}

    V21 = 'composite:openstack_compute_api_v21'
    V2 = V21 + '_legacy_v2_compatible'

    def check(self, name, expected):
        before = text_of(next(
            path for path in FILES if path.name == name + '.ini'))
        after = paste_edit.enable(before)
        self.assertEqual({**expected, **self.OWN_SECTION}, {
            place: words for place, words in changes(before, after).items()
            if place != ('filter:lockstatus', 'common')})
        self.assertEqual(before, after.replace('lockstatus ', '').replace(
            '\n[filter:lockstatus]\nuse = egg:nova-lockstatus\n', ''))

    def test_nova_27_to_31(self):
        app = 'osapi_compute_app_v21'
        self.check('nova-27-to-31', {
            (self.V21, 'keystone'): ('keystonecontext', 'lockstatus', app),
            (self.V21, 'noauth2'): ('noauth2', 'lockstatus', app),
            (self.V2, 'keystone'): ('legacy_v2_compatible', 'lockstatus', app),
            (self.V2, 'noauth2'): ('legacy_v2_compatible', 'lockstatus', app),
        })

    def test_nova_32_to_34(self):
        app = 'osapi_compute_app_v21'
        self.check('nova-32-to-34', {
            (self.V21, 'keystone'): ('keystonecontext', 'lockstatus', app),
            (self.V2, 'keystone'): ('legacy_v2_compatible', 'lockstatus', app),
        })

    def test_charts_sorted(self):
        app = 'osapi_compute_app_v21'
        self.check('charts-sorted', {
            (self.V21, 'keystone'): ('keystonecontext', 'lockstatus', app),
            (self.V21, 'noauth2'): ('noauth2', 'lockstatus', app),
            (self.V2, 'keystone'): ('legacy_v2_compatible', 'lockstatus', app),
            (self.V2, 'noauth2'): ('legacy_v2_compatible', 'lockstatus', app),
        })

    def test_charts_template(self):
        app = 'osapi_compute_app_v21'
        self.check('charts-template', {
            (self.V21, 'keystone'): ('audit', 'lockstatus', app),
            (self.V2, 'keystone'): ('audit', 'lockstatus', app),
        })

    def test_hand_made(self):
        app = 'compute_api'
        before = text_of(next(
            path for path in FILES if path.name == 'hand-made.ini'))
        after = paste_edit.enable(before)
        self.assertEqual(
            {('pipeline:new', 'pipeline'): ('audit', 'lockstatus', app),
             ('pipeline:old', 'pipeline'): ('legacy_v2', 'lockstatus', app)},
            {place: words for place, words in changes(before, after).items()
             if place[0] != 'filter:lockstatus'})
        self.assertIn('    audit\n    lockstatus\n    compute_api\n', after)
        self.assertIn('          legacy_v2 lockstatus compute_api\n', after)

    def test_twice_is_once_and_back_again(self):
        self.assertEqual(6, len(FILES))
        for path in FILES:
            for change in (
                    lambda text: text,
                    lambda text: text.rstrip('\n'),
                    lambda text: text + '\n\n',
                    lambda text: text.replace('\n', '\r\n'),
                    lambda text: text.replace('\n', '\r'),
                    lambda text: text.replace('\n', ' \n')):
                before = change(text_of(path))
                after = paste_edit.enable(before)
                self.assertNotEqual(before, after)
                self.assertEqual(after, paste_edit.enable(after))
                self.assertEqual(before, paste_edit.disable(after))
                self.assertEqual(before, paste_edit.disable(before))


class HandMadeTestCase(testtools.TestCase):
    """What operators may have done before."""

    def test_filter_of_another_name(self):
        for factory in (
                'use = egg:nova-lockstatus',
                'use = egg:nova_lockstatus#main',
                'use = call:nova_lockstatus.filter:filter_factory',
                'paste.filter_factory = nova_lockstatus.filter:filter_factory',
                'use = other\n[filter:other]\nuse = egg:Nova-Lockstatus'):
            own = '\n[filter:ours]\n%s\n' % factory
            if 'other' in factory:
                self.refused('2 filters of this plugin', SMALL + own)
                continue
            after = paste_edit.enable(SMALL + own)
            self.assertEqual(
                SMALL.replace('router\n', 'ours router\n', 1) + own, after)
            self.assertEqual(after, paste_edit.enable(after))
            # It is not as "enable" would have written it: it stays.
            self.assertEqual(SMALL + own, paste_edit.disable(after))
            self.assertEqual(['filter:ours'],
                             paste_edit.remaining(SMALL + own))

    def test_one_pipeline_has_it(self):
        half = PIPELINE.replace('router', 'lockstatus router') + (
            PIPELINE.replace(':p]', ':q]')) + ROUTER + CONTEXT + MAP + (
            '/v2 = q\n'
            '\n[filter:lockstatus]\nuse = egg:nova-lockstatus\n')
        after = paste_edit.enable(half)
        self.assertEqual(half.replace('context router',
                                      'context lockstatus router'), after)
        self.assertEqual(
            PIPELINE + PIPELINE.replace(':p]', ':q]') + ROUTER + CONTEXT + MAP
            + '/v2 = q\n', paste_edit.disable(half))

    def test_named_as_an_egg(self):
        text = SMALL.replace('router', 'egg:nova-lockstatus router', 1)
        self.assertEqual(text, paste_edit.enable(text))
        self.assertEqual(SMALL, paste_edit.disable(text))

    def test_place_that_is_as_good_is_left(self):
        text = paste_edit.enable(SMALL).replace(
            'lockstatus router', 'lockstatus audit router')
        self.assertEqual(text, paste_edit.enable(text))

    def test_options_of_the_section_are_kept(self):
        own = '\n[filter:lockstatus]\nuse = egg:nova-lockstatus\n' + (
            'enabled_extensions = os-server-locked-status\n')
        text = SMALL.replace('router', 'lockstatus router', 1) + own
        self.assertEqual(text, paste_edit.enable(SMALL + own))
        self.assertEqual(SMALL + own, paste_edit.disable(text))
        self.assertEqual(['filter:lockstatus'],
                         paste_edit.remaining(SMALL + own))
        self.assertEqual([], paste_edit.remaining(SMALL))

    def test_named_twice_is_removed_twice(self):
        text = paste_edit.enable(SMALL).replace(
            'lockstatus', 'lockstatus  lockstatus', 1)
        self.refused('has the filter of this plugin 2 times', text)
        self.assertEqual(SMALL, paste_edit.disable(text))

    def test_other_pipeline_that_names_it(self):
        text = paste_edit.enable(SMALL) + (
            '\n[pipeline:meta]\npipeline = lockstatus metaapp\n')
        # Another program loads it.
        self.assertEqual(text, paste_edit.enable(text))
        self.assertEqual(
            SMALL + '\n[pipeline:meta]\npipeline = metaapp\n',
            paste_edit.disable(text))

    def test_nested_pipelines_get_it_once(self):
        outer = '[pipeline:o]\npipeline = audit p\n'
        small = SMALL.replace('/v2.1 = p', '/v2.1 = o')
        self.assertEqual(outer + paste_edit.enable(SMALL).replace(
            '/v2.1 = p', '/v2.1 = o'), paste_edit.enable(outer + small))

    def refused(self, words, text, edit=paste_edit.enable):
        error = self.assertRaises(exception.PasteFileNotUnderstood,
                                  edit, text, '/etc/x.ini')
        self.assertTrue(str(error).startswith('/etc/x.ini is left as it is: '))
        self.assertIn(words, str(error))
        self.assertNotIn('\n', str(error))

    def test_what_is_not_understood(self):
        none = '[filter:a]\nuse = egg:x\n' + SMALL.replace('= p', '= c')
        composite = none + (
            '[composite:c]\nuse = call:nova.api.auth:pipeline_factory')
        lockstatus = '[filter:lockstatus]\nuse = egg:nova-lockstatus\n'
        for words, text in (
                ('it has no application osapi_compute, which nova-api loads; '
                 'name the api-paste.ini of nova-api', ''),
                ('it has no application osapi_compute', ROUTER),
                ('no pipeline in it ends in',
                 MAP + '[pipeline:p]\npipeline = audit b\n[app:b]\n'
                 'use = egg:x\n' + CONTEXT),
                ('paste could not read it', 'a = b\n[x]\n'),
                ('paste could not read it', SMALL + PIPELINE),
                ('paste could not read it', SMALL + '[x]\nno value\n'),
                ('paste could not read it', SMALL.replace(
                    '[filter:audit]', '[filter:audit]\ny = %(z)s')
                 .replace('key', 'audit key', 1)),
                ('paste could not read it', SMALL + '[DEFAULT]\ny = 5 %\n'),
                ('paste could not read it', '\ufeff' + SMALL),
                ('two sections for one name, [filter:audit] and '
                 '[filter: audit]',
                 SMALL.replace('key', 'audit key', 1) + '[filter: audit]\n'),
                ('two sections for one name, [app:p] and [pipeline:p]',
                 SMALL + '[app:p]\nuse = egg:x\n'),
                ('"use" in [filter:x] takes a part from another file '
                 '(config:b.ini)', SMALL.replace('key', 'x key', 1)
                 + '[filter:x]\nuse = config:b.ini\n'),
                ('(a config:b.ini#c)',
                 none + '[pipeline:c]\npipeline = a config:b.ini#c\n'),
                ('"/" in [composite:osapi_compute] takes a part from another '
                 'file (config:b.ini)', SMALL + '/ = config:b.ini\n'),
                ('[filter:lockstatus] is something else',
                 SMALL + '[filter:lockstatus]\nuse = egg:other\n'),
                ('2 filters of this plugin (a, b)',
                 SMALL + '[filter:a]\nuse = egg:nova-lockstatus\n'
                 '[filter:b]\nuse = egg:nova-lockstatus\n'),
                ('"pipeline" in [pipeline:p] has lockstatus before '
                 'keystonecontext',
                 SMALL.replace('key', 'lockstatus key', 1) + lockstatus),
                ('has lockstatus before legacy',
                 SMALL.replace('router', 'lockstatus legacy router', 1)
                 + lockstatus),
                ('ends in %(...)s',
                 '[DEFAULT]\nend = router\n'
                 + SMALL.replace('router', '%(end)s', 1)),
                ('[pipeline:c] has no "pipeline"', none + '[pipeline:c]\n'),
                ('[pipeline:c] has no "pipeline"',
                 none + '[pipeline:c]\npipeline =\n'),
                ('[composite:c] has no "keystone"', composite + '\n'),
                ('"keystone" in [composite:c] ends in mine, which is not the '
                 'compute API (my.cloud:factory)',
                 composite + '\nkeystone = a mine\n'
                 '[app:mine]\npaste.app_factory = my.cloud:factory\n'),
                ('"keystone" in [composite:c] names mine, and no section says '
                 'what it is; correct the name, or add a section [app:mine]',
                 composite + '\nkeystone = a mine\n'),
                ('takes a pipeline from [DEFAULT]',
                 '[DEFAULT]\nk = a router\n' + composite
                 + '\nget keystone = k\n'),
                ('"managed" in [composite:c] leads to the compute API, and '
                 'its factory (roles:factory)',
                 none + '[composite:c]\nuse = call:roles:factory\n'
                 'managed = audit router\n'),
                ('"/v2" in [composite:c] leads to the compute API',
                 none + '[composite:c]\nuse = egg:Paste#urlmap\n'
                 '/v2 = router\n'),
                ('[app:router] puts a filter directly before',
                 SMALL.replace(ROUTER, ROUTER + 'filter-with = audit\n')),
                ('[filter-app:c] puts a filter directly before',
                 none + '[filter-app:c]\nuse = egg:x\nnext = router\n'),
                ('"filter-with" in [app:x] names the filter of this plugin',
                 SMALL + '/x: x\n' + lockstatus
                 + '[app:x]\nuse = egg:x\nfilter-with = lockstatus\n'),
                ('[filter:x] uses itself',
                 SMALL.replace('router', 'x router', 1)
                 + '[filter:x]\nuse = x\n'),
                ('[composite:osapi_compute] uses itself',
                 SMALL + '/: osapi_compute\n'),
                ('[filter:x] has neither "use" nor a factory',
                 SMALL.replace('router', 'x router', 1) + '[filter:x]\n')):
            self.refused(words, text)

    def test_what_cannot_be_taken_out(self):
        own = '[filter:lockstatus]\nuse = egg:nova-lockstatus\n'
        hidden = '[DEFAULT]\nend = lockstatus\n' + own + SMALL.replace(
            'router', '%(end)s router', 1)
        self.assertEqual(hidden, paste_edit.enable(hidden))
        self.refused('from %(...)s', hidden, paste_edit.disable)
        self.refused('"x" in [composite:r] names the filter', SMALL + own
                     + '[composite:r]\nuse = call:roles:factory\n'
                     'x = lockstatus\n', paste_edit.disable)


@strategies.composite
def paste_files(draw):
    """Draw a file with pipelines, written in any way that paste reads."""
    line_end = draw(strategies.sampled_from(['\n', '\r\n', '\r']))
    indent = draw(strategies.sampled_from(['', '  ', '\t']))
    blanks = strategies.sampled_from(['', ' ', ' \t'])
    between = strategies.sampled_from([
        ' ', '  ', '\t', ' \n' + indent + '    ', '\n' + indent + ' ',
        '\n' + indent + '\t# audit lockstatus\n' + indent + '    ',
        '\n\n' + indent + '  '])
    noise = strategies.sampled_from([
        '', '\n', '# Shared #\n', '  ; [filter:lockstatus]\n', '\t\n'])
    names = strategies.lists(strategies.sampled_from(
        ['cors', 'audit', 'watcher', 'rate_limit', 'osprofiler', 'é',
         'egg:oslo.middleware#cors', 'keystonecontext', 'legacy']))
    equals = strategies.sampled_from([' = ', '=', ': ', ':', ' =\n%s  ' % (
        indent,)])

    def pipeline(option, app):
        value = ''.join(name + draw(between) for name in draw(names)) + app
        return indent + option + draw(equals) + value + draw(blanks)

    composite = [indent + '[composite:openstack_compute_api_v21]',
                 *draw(strategies.permutations([
                     indent + 'use = call:nova.api.auth:pipeline_factory_v21',
                     pipeline('keystone', 'router'),
                     pipeline('noauth2', 'router')]))]
    sections = draw(strategies.permutations([
        '\n'.join(composite),
        indent + '[pipeline:p]\n' + pipeline('pipeline', 'router'),
        indent + '[pipeline:versions]\n' + pipeline('pipeline', 'versions'),
        '\n'.join(indent + line for line in (
            ROUTER + CONTEXT + OTHERS + MAP
            + '/v2 = openstack_compute_api_v21\n').split('\n')),
    ]))
    text = ''.join(draw(noise) + section + draw(blanks) + '\n' + draw(noise)
                   for section in sections)
    text = text[:len(text) - draw(strategies.integers(0, 1))]
    return text.replace('\n', line_end)


class PropertiesTestCase(testtools.TestCase):

    @hypothesis.settings(database=None, deadline=None, max_examples=150)
    @hypothesis.given(paste_files())
    def test_any_file(self, before):
        after = paste_edit.enable(before)
        expected = values_of(before)
        for place in (('composite:openstack_compute_api_v21', 'keystone'),
                      ('composite:openstack_compute_api_v21', 'noauth2'),
                      ('pipeline:p', 'pipeline')):
            expected[place].insert(-1, 'lockstatus')
        found = values_of(after)
        self.assertEqual(['egg:nova-lockstatus'],
                         found.pop(('filter:lockstatus', 'use')))
        found.pop(('filter:lockstatus', 'here'))
        self.assertEqual(expected, found)
        self.assertEqual(after, paste_edit.enable(after))
        self.assertEqual(before, paste_edit.disable(after))
        self.assertEqual(before, paste_edit.disable(before))
