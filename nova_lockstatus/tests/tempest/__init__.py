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

"""Tempest, on a small real cloud with stock Nova and the plugin.

Tempest refuses an answer with a key that it does not know. Where its users
have a role for which ``os_compute_api:lockstatus:extra_keys`` refuses, each of
its tests has to end as on stock Nova, and so it has where the plugin for
Tempest adds the keys to its schemas. The tests of that plugin run as well::

    python -m nova_lockstatus.tests.tempest

:mod:`nova_lockstatus.tests.integration.test_cloud_tempest` does the same with
a few of the tests.
"""
