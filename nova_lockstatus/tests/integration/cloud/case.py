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

"""The test case of the tests that need a cloud."""

import atexit
import importlib.util
import json
import os
import subprocess
import sys
import unittest

import testtools

from nova_lockstatus.tests.integration.cloud import cloud as clouds
from nova_lockstatus.tests.integration.cloud import engines

TIMEOUT = clouds.TIMEOUT

OPENSTACK = os.path.join(os.path.dirname(sys.executable), 'openstack')

_shared = {}


def shared_cloud(kind=clouds.Cloud):
    """Give the one cloud of this process, started when it is first needed.

    :param kind: the class of it
    :returns: the cloud
    :raises SkipTest: where there is nothing to build one over
    """
    if kind not in _shared:
        for package in ('keystone', 'gunicorn'):
            if importlib.util.find_spec(package) is None:
                raise unittest.SkipTest(
                    'The package %s is not installed, see '
                    'integration-requirements.txt.' % package)
        cloud = kind()
        try:
            cloud.start()
        except engines.Unavailable as error:
            raise unittest.SkipTest(str(error)) from error
        atexit.register(cloud.stop)
        _shared[kind] = cloud
    return _shared[kind]


class CloudTestCase(testtools.TestCase):
    """Has a cloud with the plugin, which tests leave as they found it."""

    kind_of_cloud = clouds.Cloud

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cloud = shared_cloud(cls.kind_of_cloud)

    @classmethod
    def boot(cls, name, user='owner', cell='cell1'):
        """Boot a server that is deleted when the class is done.

        :returns: its id
        """
        server_id = cls.cloud.boot_server(name, user, cell)
        cls.addClassCleanup(cls.cloud.delete_server, server_id)
        return server_id

    def rules(self, rules):
        """Have the API obey further rules meanwhile.

        :param rules: the check string of each
        """
        return self.cloud.nova.rules(rules)

    def act(self, server_id, action, user='owner', body=None,
            microversion=None, path='/v2.1', expected=202):
        """Make a call to a server's action.

        :returns: the answer
        """
        return self.call(
            'POST', '%s/servers/%s/action' % (path, server_id), user,
            {action: body}, microversion, expected)

    def call(self, method, path, user='owner', body=None, microversion=None,
             expected=200):
        """Make a call that must have a status.

        :returns: the answer
        """
        answer = self.cloud.request(method, path, user, body, microversion)
        self.assertEqual(expected, answer.status_code, answer.text)
        return answer

    def server(self, server_id, user='owner', microversion=None,
               path='/v2.1'):
        """Show a server.

        :returns: what is shown
        """
        return self.call('GET', '%s/servers/%s' % (path, server_id), user,
                         microversion=microversion).json()['server']

    def details(self, user='owner', query='', microversion=None,
                path='/v2.1'):
        """List servers in detail.

        :returns: them, in the order of the answer
        """
        return self.call('GET', path + '/servers/detail' + query, user,
                         microversion=microversion).json()['servers']

    def openstack(self, *arguments, user='owner', expected=0):
        """Run ``openstack``.

        :returns: how it ended
        """
        done = subprocess.run(
            [OPENSTACK, *arguments], capture_output=True, text=True,
            timeout=clouds.TIMEOUT,
            env={**self.cloud.processes.environ,
                 **self.cloud.keystone.environ(user)})
        self.assertEqual(expected, done.returncode, done.stderr)
        return done

    def openstack_json(self, *arguments, user='owner'):
        """Run ``openstack``, and have its output as JSON.

        :returns: what it printed
        """
        return json.loads(self.openstack(
            *arguments, '-f', 'json', user=user).stdout)
