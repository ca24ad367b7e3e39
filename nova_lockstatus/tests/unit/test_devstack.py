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

"""What DevStack's plugin calls in each phase."""

import pathlib

import fixtures
import testtools

from nova_lockstatus.tests.fixtures import devstack
from nova_lockstatus.tests.fixtures import repository

URL = 'mysql+pymysql://root@127.0.0.1/nova_lockstatus?charset=utf8'


class DevStackTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.paste = self.folder / 'api-paste.ini'
        self.paste.write_text('')
        self.devstack = self.useFixture(devstack.DevStack(self.paste))

    def test_stack(self):
        self.assertEqual([], self.devstack.source('stack', 'pre-install'))
        self.assertEqual(['setup_develop %s' % repository.TOP],
                         self.devstack.source('stack', 'install'))
        self.assertEqual(
            ['nova-lockstatus enable --api-paste %s --yes' % self.paste,
             'recreate_database nova_lockstatus',
             'iniset /nova.conf lockstatus connection ' + URL,
             'nova-lockstatus db sync --config-file /nova.conf'],
            self.devstack.source('stack', 'post-config'))
        self.assertEqual(
            ['run_process lockstatus-watch %s/nova-lockstatus-watch '
             '--config-file /nova.conf' % self.devstack.folder],
            self.devstack.source('stack', 'extra'))
        self.assertEqual([], self.devstack.source('stack', 'test-config'))

    def test_unstack_and_clean(self):
        self.assertEqual(['stop_process lockstatus-watch'],
                         self.devstack.source('unstack'))
        for name in ('enable', 'disable'):
            self.paste.with_name(
                'api-paste.ini.bak-lockstatus-' + name).write_text('')
        self.assertEqual(
            ['nova-lockstatus disable --api-paste %s --yes' % self.paste],
            self.devstack.source('clean'))
        self.assertEqual([self.paste], list(self.folder.iterdir()))
        self.paste.unlink()
        self.assertEqual([], self.devstack.source('clean'))

    def test_without_the_watch(self):
        self.assertEqual(
            ['nova-lockstatus enable --api-paste %s --yes' % self.paste],
            self.devstack.source('stack', 'post-config', services='n-api'))
        for mode in (('stack', 'extra'), ('unstack',)):
            self.assertEqual(
                [], self.devstack.source(*mode, services='n-api'))

    def test_a_host_without_the_api(self):
        for mode in (('stack', 'install'), ('stack', 'post-config'),
                     ('stack', 'extra'), ('unstack',), ('clean',)):
            self.assertEqual([], self.devstack.source(
                *mode, services='n-cpu,lockstatus-watch'))

    def test_a_failure_ends_stack_sh(self):
        self.devstack.folder.joinpath('nova-lockstatus').write_text(
            '#!/bin/sh\nexit 1\n')
        self.assertRaises(AssertionError, self.devstack.source,
                          'stack', 'post-config')
