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

import configparser
import io

import hypothesis
import testtools
from hypothesis import strategies

from nova_lockstatus import exception
from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.tests.fixtures import repository

FILES = sorted(repository.API_PASTE.glob('*.ini'))

ROUTER = '''
[app:router]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory
'''

CONTEXT = '''
[filter:keystonecontext]
paste.filter_factory = nova.api.auth:NovaKeystoneContext.factory
[filter:legacy]
paste.filter_factory = nova.api.openstack:LegacyV2CompatibleWrapper.factory
'''

PIPELINE = '[pipeline:p]\npipeline = authtoken keystonecontext router\n'

SMALL = PIPELINE + ROUTER + CONTEXT


def text_of(path):
    return path.read_bytes().decode()


def values_of(text):
    """Return what paste reads: the words of each option, by its place."""
    parser = configparser.ConfigParser(defaults={'here': '/etc/nova'})
    setattr(parser, 'optionxform', str)  # noqa: B010
    parser.read_file(io.StringIO(text, newline=None))
    return {(section, option): value.split()
            for section in parser.sections()
            for option, value in parser.items(section)}


def changes(before, after):
    """Return what was added, per place, and check that no more happened."""
    old, new = values_of(before), values_of(after)
    added = {}
    for place in old:
        if old[place] != new[place]:
            at = next(i for i, (one, other) in enumerate(
                zip(old[place], new[place])) if one != other)
            assert new[place][:at] + new[place][at + 1:] == old[place]
            added[place] = tuple(new[place][at - 1:at + 2])
    added.update((place, tuple(new[place]))
                 for place in new if place not in old)
    return added


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
        app = 'osapi_compute'
        before = text_of(next(
            path for path in FILES if path.name == 'hand-made.ini'))
        after = paste_edit.enable(before)
        self.assertEqual(
            {('pipeline:new', 'pipeline'): ('audit', 'lockstatus', app),
             ('pipeline:old', 'pipeline'): ('legacy_v2', 'lockstatus', app)},
            {place: words for place, words in changes(before, after).items()
             if place[0] != 'filter:lockstatus'})
        self.assertIn('    audit\n    lockstatus\n    osapi_compute\n', after)
        self.assertIn('          legacy_v2 lockstatus osapi_compute\n', after)

    def test_twice_is_once_and_back_again(self):
        self.assertEqual(5, len(FILES))
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
            PIPELINE.replace(':p]', ':q]')) + ROUTER + CONTEXT + (
            '\n[filter:lockstatus]\nuse = egg:nova-lockstatus\n')
        after = paste_edit.enable(half)
        self.assertEqual(half.replace('context router',
                                      'context lockstatus router'), after)
        self.assertEqual(
            PIPELINE + PIPELINE.replace(':p]', ':q]') + ROUTER + CONTEXT,
            paste_edit.disable(half))

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
        self.assertEqual(text, paste_edit.enable(text))
        self.assertEqual(
            SMALL + '\n[pipeline:meta]\npipeline = metaapp\n',
            paste_edit.disable(text))

    def test_nested_pipelines_get_it_once(self):
        outer = '[pipeline:o]\npipeline = audit p\n'
        self.assertEqual(outer + paste_edit.enable(SMALL),
                         paste_edit.enable(outer + SMALL))

    def refused(self, words, text, edit=paste_edit.enable):
        error = self.assertRaises(exception.PasteFileNotUnderstood,
                                  edit, text, '/etc/x.ini')
        self.assertTrue(str(error).startswith('/etc/x.ini is left as it is: '))
        self.assertIn(words, str(error))
        self.assertNotIn('\n', str(error))

    def test_what_is_not_understood(self):
        composite = '[composite:c]\nuse = call:nova.api.auth:pipeline_factory'
        for words, text in (
                ('no pipeline in it ends in', ''),
                ('no pipeline in it ends in', ROUTER),
                ('no pipeline in it ends in',
                 '[pipeline:p]\npipeline = a b\n[app:b]\nuse = egg:x\n'),
                ('paste could not read it', 'a = b\n[x]\n'),
                ('paste could not read it', SMALL + PIPELINE),
                ('paste could not read it', SMALL + '[x]\nno value\n'),
                ('paste could not read it', SMALL + '[x]\ny = %(z)s\n'),
                ('paste could not read it', '\ufeff' + SMALL),
                ('two sections for one name, [filter:x] and [filter: x]',
                 SMALL + '[filter:x]\n[filter: x]\n'),
                ('(config:b.ini)',
                 SMALL + '[filter:x]\nuse = config:b.ini\n'),
                ('(a config:b.ini#c)',
                 SMALL + '[pipeline:x]\npipeline = a config:b.ini#c\n'),
                ('(config:b.ini)',
                 SMALL + '[composite:x]\nuse = egg:Paste#urlmap\n'
                 '/: config:b.ini\n'),
                ('[filter:lockstatus] is something else',
                 SMALL + '[filter:lockstatus]\nuse = egg:other\n'),
                ('2 filters of this plugin (a, b)',
                 SMALL + '[filter:a]\nuse = egg:nova-lockstatus\n'
                 '[filter:b]\nuse = egg:nova-lockstatus\n'),
                ('"pipeline" in [pipeline:p] has lockstatus before '
                 'keystonecontext',
                 SMALL.replace('key', 'lockstatus key', 1)
                 + '[filter:lockstatus]\nuse = egg:nova-lockstatus\n'),
                ('has lockstatus before legacy',
                 SMALL.replace('router', 'lockstatus legacy router', 1)
                 + '[filter:lockstatus]\nuse = egg:nova-lockstatus\n'),
                ('ends in %(...)s',
                 '[DEFAULT]\nend = router\n'
                 + SMALL.replace('router', '%(end)s', 1)),
                ('[pipeline:x] has no "pipeline"',
                 SMALL + '[pipeline:x]\n'),
                ('[pipeline:x] has no "pipeline"',
                 SMALL + '[pipeline:x]\npipeline =\n'),
                ('"keystone" in [composite:c] ends in mine, which is not the '
                 'compute API (my.cloud:factory)',
                 SMALL + composite + '\nkeystone = a mine\n'
                 '[app:mine]\npaste.app_factory = my.cloud:factory\n'),
                ('no section says what it is',
                 SMALL + composite + '\nkeystone = a mine\n'),
                ('takes a pipeline from [DEFAULT]',
                 '[DEFAULT]\nk = a router\n' + SMALL + composite
                 + '\nget keystone = k\n'),
                ('"managed" in [composite:r] leads to the compute API, and '
                 'its factory (roles:factory)',
                 SMALL + '[composite:r]\nuse = call:roles:factory\n'
                 'managed = audit router\n'),
                ('"/v2" in [composite:u] leads to the compute API',
                 SMALL + '[composite:u]\nuse = egg:Paste#urlmap\n'
                 '/v2 = router\n'),
                ('[app:router] puts a filter directly before',
                 SMALL.replace(ROUTER, ROUTER + 'filter-with = audit\n')),
                ('[filter-app:f] puts a filter directly before',
                 SMALL + '[filter-app:f]\nuse = egg:x\nnext = router\n'),
                ('"filter-with" in [app:x] names the filter of this plugin',
                 paste_edit.enable(SMALL)
                 + '[app:x]\nuse = egg:x\nfilter-with = lockstatus\n'),
                ('[filter:x] uses itself',
                 SMALL.replace('router', 'x router', 1)
                 + '[filter:x]\nuse = x\n')):
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
        '\n'.join(indent + line for line in (ROUTER + CONTEXT).split('\n')),
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
