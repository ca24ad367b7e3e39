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


import json
import pathlib

import fixtures
import testtools
from nova.api.openstack import api_version_request

from nova_lockstatus.api import pipeline
from nova_lockstatus.tests.nova_tests import answers

NEWEST = api_version_request.max_api_version().ver_minor


class AnswerComparisonTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MockPatchObject(
            answers.AnswerComparison, '_compared', set()))
        self.folder = self.useFixture(fixtures.TempDir()).path

    def compare(self, application, path='/servers', script='/v2.1',
                method='GET', marked=True):
        environ = {'REQUEST_METHOD': method, 'SCRIPT_NAME': script,
                   'PATH_INFO': path, answers.LEGACY_HEADER: '2.5'}
        if marked:
            environ[pipeline.ENVIRON] = 'pipeline'
        comparison = answers.AnswerComparison(application, self.folder)
        comparison(environ, lambda *arguments: None)
        return [json.loads(line)
                for file in pathlib.Path(self.folder).iterdir()
                for line in file.read_text().splitlines()]

    def test_same(self):
        def application(environ, start_response):
            start_response('200 OK', [('X-Compute-Request-Id', str(id({})))])
            return [b'{"uptime": "1"}']

        found = self.compare(application)
        self.assertEqual(['2.%d' % minor for minor in range(1, NEWEST + 1)],
                         [result['version'] for result in found])
        self.assertEqual({None}, {result['differs'] for result in found})

    def test_one_byte_at_one_microversion(self):
        def application(environ, start_response):
            start_response('200 OK', [])
            plugin = (pipeline.ENVIRON in environ
                      and environ.get(answers.HEADER) == 'compute 2.7')
            return [b'{} ' if plugin else b'{}']

        [found] = [result for result in self.compare(application)
                   if result['differs']]
        self.assertEqual('2.7', found['version'])
        self.assertEqual([['200 OK', [], '{}'], ['200 OK', [], '{} ']],
                         found['differs'])

    def test_status_and_headers(self):
        for with_plugin in (('409 Conflict', []), ('200 OK', [('A', 'b')])):
            def application(environ, start_response,
                            with_plugin=with_plugin):
                start_response(*(with_plugin if pipeline.ENVIRON in environ
                                 else ('200 OK', [])))
                return [b'']

            found = self.compare(application, '/' + with_plugin[0])
            self.assertTrue(found[-1]['differs'])

    def test_each_path_once_and_where_a_test_asks(self):
        def application(environ, start_response):
            start_response('200 OK', [])
            return [b'']

        first = '/servers/5ea5d8b0-6d4b-4ab5-8a4e-ec1d4e8d9f8a'
        second = '/servers/6ea5d8b0-6d4b-4ab5-8a4e-ec1d4e8d9f8a'
        once = len(self.compare(application, first))
        self.assertEqual(once + 1, len(self.compare(application, second)))

    def test_without_microversions(self):
        versions = []

        def application(environ, start_response):
            versions.append(environ.get(answers.LEGACY_HEADER))
            start_response('200 OK', [])
            return [b'']

        [found] = self.compare(application, script='/v2')
        self.assertIsNone(found['version'])
        # At the end what the test asked, as it was.
        self.assertEqual([None, None, '2.5'], versions)

    def test_other_requests(self):
        def application(environ, start_response):
            return [b'']

        self.assertEqual([], self.compare(application, method='POST'))
        self.assertEqual([], self.compare(application, marked=False))
