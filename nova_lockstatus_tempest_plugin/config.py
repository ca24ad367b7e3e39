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

"""The options of the plugin in tempest.conf."""

from oslo_config import cfg

GROUP = cfg.OptGroup('lockstatus', title='Options of nova_lockstatus')

OPTIONS = [
    cfg.BoolOpt(
        'accept_keys', default=True,
        help="""
Whether the schemas of Tempest itself accept the keys that nova_lockstatus adds
to servers and hypervisors.

Without it, Tempest's own tests of the compute API fail on a cloud that shows
the keys to their users. Set it to False to see what unmodified Tempest says,
as for a test of interoperability.
"""),
    cfg.ListOpt(
        'required_extensions', default=[],
        help="""
Aliases of the extensions that the cloud must have.

The tests of an extension that is not in ``GET /extensions`` are skipped. Those
of an extension that this option names fail instead.
"""),
    cfg.StrOpt(
        'legacy_service_type', default='',
        help="""
The service type in the catalog of Keystone whose URL ends with ``/v2``, such
as ``compute_legacy``. The tests of ``/v2`` are skipped if it is empty.
"""),
    cfg.BoolOpt(
        'force_down', default=False,
        help="""
Whether a test may force down the nova-compute service of a host for some
seconds, as an admin.

Meanwhile the scheduler does not use the host, and services such as Masakari
see it as failed. Set it to True only on a cloud that is there for tests.
"""),
]
