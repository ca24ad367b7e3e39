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

"""Keystone: real tokens, users, roles and projects."""

import pathlib
import secrets
import sys

from keystoneauth1 import session
from keystoneauth1.identity import v3

from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import gunicorn
from nova_lockstatus.tests.integration.cloud import ini

REGION = 'RegionOne'

SERVICE = 'nova'
"""The user that the services themselves are."""

USERS = {
    'admin': ('admin', ('admin',)),
    'owner': ('demo', ('member',)),
    'member': ('demo', ('member',)),
    'reader': ('demo', ('reader',)),
    'other': ('other', ('member',)),
    SERVICE: ('service', ('admin', 'service')),
}
"""The project and the roles of each user."""


class Keystone:
    """The service, and its users.

    :param processes: those of the cloud
    :param folder: of the cloud
    :param port: where it listens
    """

    def __init__(self, processes, folder, port):
        self.url = 'http://127.0.0.1:%d/v3' % port
        self.password = secrets.token_hex(8)
        self.projects = {}
        self.users = {}
        self._port = port
        self._processes = processes
        self._folder = pathlib.Path(folder, 'keystone')
        self._gunicorn = gunicorn.Gunicorn(processes, folder, 'keystone')
        self._sessions = {}

    def prepare(self, schema):
        """Begin to make the database and what must be in it.

        :param schema: the name of its schema
        """
        self._folder.mkdir()
        config = ini.write(self._folder / 'keystone.conf', {
            'database': {
                'connection': engines.database_url(schema),
                'max_pool_size': 2},
            'fernet_tokens': {'key_repository': self._folder / 'fernet'},
            'fernet_receipts': {'key_repository': self._folder / 'fernet'},
            'credential': {'key_repository': self._folder / 'credential'},
            # The fewest that there are: it is about time, not about safety.
            'identity': {'password_hash_rounds': 4}})
        self._processes.start(
            'keystone-manage',
            [sys.executable, '-m', __package__ + '.keystone_manage',
             str(config), self.url, REGION],
            {'OS_BOOTSTRAP_PASSWORD': self.password}, finishes=True)

    def start(self):
        """Start the service, once its database is made."""
        self._processes.finish('keystone-manage')
        self._gunicorn.start(
            self._port, 'keystone.wsgi.api:application',
            {'OS_KEYSTONE_CONFIG_DIR': str(self._folder)}, threads=8)
        self._gunicorn.wait()

    def session(self, user):
        """Give the session of a user.

        :param user: the name
        :returns: the session, of keystoneauth
        """
        if user not in self._sessions:
            self._sessions[user] = session.Session(v3.Password(
                self.url, username=user, password=self.password,
                project_name=USERS[user][0], user_domain_id='default',
                project_domain_id='default'))
        return self._sessions[user]

    def create_users(self):
        """Create the users and their projects."""
        roles = {role['name']: role['id']
                 for role in self._get('roles')['roles']}
        self.users = {user['name']: user['id']
                      for user in self._get('users')['users']}
        self.projects = {project['name']: project['id']
                         for project in self._get('projects')['projects']}
        for name, (project, names) in USERS.items():
            if project not in self.projects:
                self.projects[project] = self._create(
                    'project', name=project)
            if name not in self.users:
                self.users[name] = self._create(
                    'user', name=name, password=self.password)
            for role in names:
                self._ask('PUT', 'projects/%s/users/%s/roles/%s' % (
                    self.projects[project], self.users[name], roles[role]))

    def create_endpoints(self, endpoints):
        """Fill the catalog.

        :param endpoints: the URL of each type of service
        """
        for kind, url in endpoints.items():
            service = self._create('service', type=kind, name=kind)
            for interface in ('public', 'internal'):
                self._create('endpoint', service_id=service, url=url,
                             interface=interface, region_id=REGION)

    def create_role(self, name):
        """Create a role.

        :param name: its name
        """
        self._create('role', name=name)

    def environ(self, user):
        """Tell what the clients of a user need.

        :param user: the name
        :returns: environment variables
        """
        return {
            'OS_AUTH_URL': self.url, 'OS_USERNAME': user,
            'OS_PASSWORD': self.password, 'OS_REGION_NAME': REGION,
            'OS_PROJECT_NAME': USERS[user][0],
            'OS_USER_DOMAIN_ID': 'default', 'OS_PROJECT_DOMAIN_ID': 'default',
            'OS_IDENTITY_API_VERSION': '3'}

    def options(self):
        """Tell how a service signs in.

        :returns: options of its configuration file
        """
        return {
            'auth_type': 'password', 'auth_url': self.url,
            'username': SERVICE, 'password': self.password,
            'project_name': USERS[SERVICE][0], 'user_domain_id': 'default',
            'project_domain_id': 'default', 'region_name': REGION}

    def middleware_options(self):
        """Tell how a service checks tokens.

        :returns: options of keystonemiddleware
        """
        return {**self.options(), 'www_authenticate_uri': self.url,
                'service_token_roles_required': 'true'}

    def _get(self, path):
        return self._ask('GET', path).json()

    def _create(self, kind, **values):
        return self._ask('POST', kind + 's', json={kind: values}
                         ).json()[kind]['id']

    def _ask(self, method, path, **options):
        return self.session('admin').request(
            '%s/%s' % (self.url, path), method, **options)
