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

"""Which of Nova's tests run, and what may differ with the plugin."""

import pkgutil

PASTE_FILE = 'NOVA_LOCKSTATUS_API_PASTE'
"""The variable of the environment that names the paste file of a run."""

ADDED = 'added keys'
"""The detail of a test that names the keys that its comparisons set aside."""

MODULES = (
    # Servers, at the microversions of the clients: everything behind a lock.
    'test_boot_from_volume',
    'test_cold_migrate',
    'test_list_servers_ip_filter',
    'test_server_faults',
    'test_server_rescue',
    'test_servers',
    'wsgi.test_interfaces',
    'wsgi.test_servers',
    # Two cells: a server's row moves from one to the other.
    'test_cross_cell_migrate',
    # The other pipeline, and other filters in both.
    'test_legacy_v2_compatible_wrapper',
    'test_middleware',
    # Instance actions, services, and the policies of host_status.
    'test_instance_actions',
    'test_policy',
    'test_service',
    'wsgi.test_services',
    # Paging over cells, hosts that are down, hypervisors, host_status.
    'regressions.test_bug_1548980',
    'regressions.test_bug_1669054',
    'regressions.test_bug_1689692',
    'regressions.test_bug_1764556',
    'regressions.test_bug_1794996',
    'regressions.test_bug_1815153',
    'regressions.test_bug_1839560',
    'regressions.test_bug_1853009',
    'regressions.test_bug_1886418',
    'regressions.test_bug_1896463',
    'regressions.test_bug_1922053',
    'regressions.test_bug_1938326',
    # Whole answers, at /v2 and at each microversion that changed them.
    'api_sample_tests.test_extension_info',
    'api_sample_tests.test_hypervisors',
    'api_sample_tests.test_instance_actions',
    'api_sample_tests.test_lock_server',
    'api_sample_tests.test_preserve_ephemeral_rebuild',
    'api_sample_tests.test_servers',
    'api_sample_tests.test_services',
    # A call of each kind that os-server-state-lock guards.
    'api_sample_tests.test_admin_actions',
    'api_sample_tests.test_admin_password',
    'api_sample_tests.test_attach_interfaces',
    'api_sample_tests.test_create_backup',
    'api_sample_tests.test_deferred_delete',
    'api_sample_tests.test_evacuate',
    'api_sample_tests.test_migrate_server',
    'api_sample_tests.test_multinic',
    'api_sample_tests.test_pause_server',
    'api_sample_tests.test_rescue',
    'api_sample_tests.test_server_metadata',
    'api_sample_tests.test_server_migrations',
    'api_sample_tests.test_server_password',
    'api_sample_tests.test_server_tags',
    'api_sample_tests.test_shelve',
    'api_sample_tests.test_suspend_server',
)
"""Modules of nova.tests.functional.

Not among them, with the reason:

* ``libvirt``: drives nova-compute with libvirt's driver, which the plugin, a
  filter of nova-api, has no part in.
* ``notification_sample_tests``: are held against doc/notification_samples,
  which only Nova's source has.
* ``nova.tests.unit.policies``: call methods of the controllers. No request
  goes through a pipeline, so none through the filter.
* the rest: calls that the plugin shows no more in, or no calls of the API at
  all. ``os-server-state-lock`` guards some of them, such as those of security
  groups and volume attachments: the plugin's own functional tests make each
  call that it guards.
"""

LEFT_OUT = (
    # The same calls of the API as other classes make, for other answers of
    # placement and cyborg.
    r'test_servers\.(\w*(Nested|Accel)|Traits|ConsumerGeneration)',
    # The tests of ServersTestV21, which derives from it and changes nothing.
    r'test_servers\.ServersTest\.',
    # Paths of /v2.1 with the project's id. With it /v2 is asked, and without
    # it /v2.1.
    r'\(v2_1\)$',
)
"""Regular expressions of ids in these modules that do not run, with why."""


def modules(all_samples):
    """Return the names of the modules to run.

    :param all_samples: whether to run those of all API samples and no others
    """
    if not all_samples:
        return MODULES
    from nova.tests.functional import api_sample_tests
    return sorted('api_sample_tests.' + module.name
                  for module in pkgutil.iter_modules(
                      api_sample_tests.__path__)
                  if module.name.startswith('test_'))

ADDED_KEYS = {
    'hostId': {
        'host_status': 'given below 2.16 too',
        'locked': 'given below 2.9 too',
        'locked_at': 'Nova has it in the instance actions alone',
        'locked_by': 'Nova does not show it',
        'locked_by_user_id': 'Nova has it in the instance actions alone',
        'locked_reason': 'given below 2.73 too',
    },
    'hypervisor_hostname': {
        'disabled_reason': 'Nova has it in the details alone, of the service',
        'forced_down': 'Nova shows it for services alone',
    },
}
"""Keys that a comparison of whole answers sets aside, with why they are there.

By a key that tells what is compared: a server, or a hypervisor. A key that
Nova's template has is compared as ever.
"""

EXCEPTIONS = {
    r'test_extension_info\.ExtensionInfoAllSamplesJsonTest\.':
        'the list of extensions has those of the plugin',
    r'test_policy\.HostStatusPolicyTestCase\.':
        'says at its end that an admin has no host_status below 2.16',
}
"""Regular expressions of tests that fail with the plugin, with the reason."""
