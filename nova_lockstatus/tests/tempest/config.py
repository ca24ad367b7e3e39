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

"""The tempest.conf for a cloud of the integration tests."""

from nova_lockstatus.tests.integration.cloud import cloud as clouds
from nova_lockstatus.tests.integration.cloud import keystone
from nova_lockstatus.tests.integration.cloud import stubs

ROLE = 'strict'
"""The role that all users of Tempest have, beside member or admin."""

RULES = {'os_compute_api:lockstatus:extra_keys': 'not role:' + ROLE}
"""The rules of policy.yaml that make strict clients of them."""

OTHER_FLAVOR = '2'


def sections(cloud, folder, accept_keys):
    """Describe a cloud to Tempest.

    Networks, volumes and what is inside of a server are no part of it, so
    Tempest skips the tests that need them.

    :param cloud: the Cloud, which runs
    :param folder: for Tempest's logs and locks
    :param accept_keys: whether the plugin for Tempest lets the schemas of
        Tempest have the plugin's keys
    :returns: the options of each section
    """
    return {
        'DEFAULT': {'log_dir': folder, 'log_file': 'tempest.log'},
        'oslo_concurrency': {'lock_path': folder},
        'auth': {
            'tempest_roles': 'member,' + ROLE,
            'admin_username': 'admin',
            'admin_password': cloud.keystone.password,
            'admin_project_name': 'admin',
            'admin_domain_name': 'Default',
            # The stub of Neutron has none, and Nova boots without.
            'create_isolated_networks': False},
        'identity': {'auth_version': 'v3', 'uri_v3': cloud.keystone.url,
                     'region': keystone.REGION},
        'compute': {
            'region': keystone.REGION,
            'image_ref': stubs.IMAGE['id'],
            'image_ref_alt': stubs.OTHER_IMAGE['id'],
            'flavor_ref': clouds.FLAVOR, 'flavor_ref_alt': OTHER_FLAVOR,
            'max_microversion': 'latest',
            'build_timeout': clouds.TIMEOUT},
        'compute-feature-enabled': {
            # Each cell has one host.
            'resize': False, 'cold_migration': False, 'live_migration': False,
            # The stubs keep no image, no port and no console.
            'snapshot': False, 'shelve': False, 'interface_attach': False,
            'vnc_console': False},
        'service_available': {'neutron': True, 'glance': True,
                              'cinder': False, 'swift': False},
        'validation': {'run_validation': False},
        'lockstatus': {'accept_keys': accept_keys,
                       'legacy_service_type': 'compute_legacy',
                       'force_down': True},
    }
