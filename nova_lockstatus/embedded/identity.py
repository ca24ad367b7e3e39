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

"""The static users of the embedded Nova."""

import dataclasses

_DEMO = 'd3300000000000000000000000000001'


@dataclasses.dataclass(frozen=True)
class Identity:
    """One user in one project, as a Keystone token would state it."""

    token: str
    user_id: str
    user_name: str
    project_id: str
    project_name: str
    roles: tuple[str, ...]

    def environ(self) -> dict[str, str]:
        """Return the WSGI environment's entries of Keystone's middleware."""
        return {
            'HTTP_X_IDENTITY_STATUS': 'Confirmed',
            'HTTP_X_USER_ID': self.user_id,
            'HTTP_X_USER_NAME': self.user_name,
            'HTTP_X_USER_DOMAIN_ID': 'default',
            'HTTP_X_PROJECT_ID': self.project_id,
            'HTTP_X_PROJECT_NAME': self.project_name,
            'HTTP_X_PROJECT_DOMAIN_ID': 'default',
            'HTTP_X_ROLES': ','.join(self.roles),
        }


ADMIN = Identity(
    'admin', 'a0000000000000000000000000000001', 'admin',
    'ad300000000000000000000000000001', 'admin',
    ('admin', 'member', 'reader'))
OWNER = Identity(
    'owner', 'a0000000000000000000000000000002', 'owner', _DEMO, 'demo',
    ('member', 'reader'))
MEMBER = Identity(
    'member', 'a0000000000000000000000000000003', 'member', _DEMO, 'demo',
    ('member', 'reader'))
READER = Identity(
    'reader', 'a0000000000000000000000000000004', 'reader', _DEMO, 'demo',
    ('reader',))
OTHER = Identity(
    'other', 'a0000000000000000000000000000005', 'other',
    '07be0000000000000000000000000001', 'other', ('member', 'reader'))

IDENTITIES = {
    identity.token: identity
    for identity in (ADMIN, OWNER, MEMBER, READER, OTHER)}
