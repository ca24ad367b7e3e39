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

import testtools

from nova_lockstatus import exception
from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.tests.fixtures.paste_texts import PIPELINE
from nova_lockstatus.tests.fixtures.paste_texts import SMALL
from nova_lockstatus.tests.fixtures.paste_texts import changes

# Written by hand after what charms and old releases of Nova have: sections of
# an API that went long ago stand beside those that are in use.
UNUSED = r'''
[composite:ec2]
use = egg:Paste#urlmap
/services/Cloud: ec2cloud
[composite:ec2cloud]
use = call:nova.api.auth:pipeline_factory
noauth = ec2faultwrap logrequest ec2noauth cloudrequest ec2executor
keystone = ec2faultwrap logrequest ec2keystoneauth cloudrequest ec2executor
[app:ec2executor]
paste.app_factory = nova.api.ec2:Executor.factory
[composite:openstack_compute_api_legacy_v2]
use = call:nova.api.auth:pipeline_factory
keystone = sizelimit authtoken legacy_ratelimit osapi_compute_app_legacy_v2
keystone_nolimit = sizelimit authtoken osapi_compute_app_legacy_v2
[app:osapi_compute_app_legacy_v2]
paste.app_factory = nova.api.openstack.compute:APIRouter.factory
[composite:openstack_compute_api_v3]
use = call:nova.api.auth:pipeline_factory_v21
keystone = authtoken osapi_compute_app_v3
[composite:openstack_volume_api_v1]
use = call:nova.api.auth:pipeline_factory
keystone = authtoken osapi_volume_app_v1
[composite:nothing]
use = call:nova.api.auth:pipeline_factory_v21
[composite:elsewhere]
use = config:elsewhere.ini
[pipeline:nothing]
[filter:loop]
use = loop
[filter: loop]
use = egg:loop
[filter:log]
format = 100% of it
[app:direct]
use = router
filter-with = audit
'''


class ReachTestCase(testtools.TestCase):
    """Only what nova-api loads counts."""

    COMPOSITE = (
        '[composite:p]\nuse = call:nova.api.auth:pipeline_factory_v21\n'
        'keystone = authtoken keystonecontext router\n')

    def check(self, before, expected=None):
        after = paste_edit.enable(before)
        self.assertEqual(
            expected or {('pipeline:p', 'pipeline'): (
                'keystonecontext', 'lockstatus', 'router')},
            {place: words
             for place, words in changes(before, after, raw=True).items()
             if place[0] != 'filter:lockstatus'})
        self.assertEqual(after, paste_edit.enable(after))
        self.assertEqual(before, paste_edit.disable(after))
        self.assertEqual(before, paste_edit.disable(before))
        return after

    def test_unused_sections(self):
        self.check(SMALL + UNUSED)
        self.check(UNUSED + SMALL)

    def test_used_as_strictly_as_paste_reads_it(self):
        for name, words in (
                ('ec2cloud', 'names ec2faultwrap, and no section says what it '
                 'is; correct the name, or add a section '
                 '[filter:ec2faultwrap]'),
                ('openstack_compute_api_v3', 'names osapi_compute_app_v3, and '
                 'no section says'),
                ('elsewhere', 'takes a part from another file'),
                ('direct', 'leads to the compute API'),
                ('nothing', 'two sections for one name, [composite:nothing] '
                 'and [pipeline:nothing]')):
            error = self.assertRaises(
                exception.PasteFileNotUnderstood, paste_edit.enable,
                SMALL + '/more = %s\n' % name + UNUSED)
            self.assertIn(words, str(error))
        for name, words in (
                ('loop', 'two sections for one name, [filter:loop] and '
                 '[filter: loop]'),
                ('log', "paste could not read it: [filter:log]: '%' must be"),
                ('keystonecontextrouter', 'names keystonecontextrouter, and '
                 'no section says')):
            text = SMALL.replace('keystonecontext', name, 1) + UNUSED
            error = self.assertRaises(
                exception.PasteFileNotUnderstood, paste_edit.enable, text)
            self.assertIn(words, str(error))
            self.assertEqual(text, paste_edit.disable(text))

    def test_names_that_ran_together(self):
        error = self.assertRaises(
            exception.PasteFileNotUnderstood, paste_edit.enable,
            SMALL.replace('keystonecontext router', 'keystonecontextrouter'))
        self.assertIn('"pipeline" in [pipeline:p] names keystonecontextrouter,'
                      ' and no section says what it is; correct the name, or '
                      'add a section [app:keystonecontextrouter]', str(error))

    def test_pipelines_of_another_auth_strategy(self):
        small = SMALL.replace(PIPELINE, self.COMPOSITE + '%s\n')
        keystone = {('composite:p', 'keystone'): (
            'keystonecontext', 'lockstatus', 'router')}
        noauth2 = ('composite:p', 'noauth2')
        for line in ('noauth2 = gone router', 'noauth2 = audit router'):
            self.check(small % line, {**keystone, noauth2: (
                line.split()[2], 'lockstatus', 'router')})
        for line in ('noauth2 = gone', 'noauth2 =',
                     'keystone_nolimit = audit router'):
            self.check(small % line, keystone)
        self.check((small % 'noauth2 = audit router').replace(
            'keystone = ', '# '), {noauth2: ('audit', 'lockstatus', 'router')})

    def test_removed_from_unused_pipelines(self):
        own = '\n[filter:lockstatus]\nuse = egg:nova-lockstatus\n'
        text = UNUSED.replace('authtoken osapi', 'authtoken lockstatus osapi')
        self.assertEqual(SMALL + UNUSED,
                         paste_edit.disable(SMALL + text + own))

    def test_every_way_to_name_an_application(self):
        for text in (
                SMALL.replace('[composite:osapi', '[composit:osapi'),
                SMALL.replace('[composite:osapi', '[app:osapi').replace(
                    'call:nova.api.openstack.urlmap:urlmap_factory',
                    'egg:Paste#urlmap'),
                SMALL.replace('use = call:nova.api.openstack.urlmap:',
                              'paste.composite_factory = paste.urlmap:'),
                SMALL.replace('[app:router]', '[application: router]'),
                SMALL + '[application:router]\nuse = egg:x\n',
                SMALL.replace('/v2.1 = p', '/v2.1 = o') + (
                    '[filter-app:o]\nuse = egg:x\nnext = p\n'),
                SMALL.replace('/v2.1 = p', 'get /v2.1 = api') + (
                    '[DEFAULT]\napi = p\n'),
                SMALL.replace('/v2.1 = p', '/v2.1 = o') + (
                    '[composite:o]\nuse = call:roles:factory\n'
                    'roles = admin p member\n')):
            self.check(text)
