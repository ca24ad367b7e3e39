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

"""Options of the group [lockstatus]."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    'lockstatus',
    title='Lock and host status',
    help='Options of the nova-lockstatus plugin. nova-api reads them when it '
         'starts.')

OPTS = [
    cfg.ListOpt(
        'enabled_extensions',
        default=['os-server-locked-status', 'os-server-host-status',
                 'os-hypervisor-status'],
        help="""
The extensions to load, by alias.

The default names the extensions that only show more. They are loaded in the
order given. A package of another party adds its own through the entry point
group ``nova_lockstatus.extensions``.

The filter's section of ``api-paste.ini`` may set ``enabled_extensions`` too:
it then counts for the pipelines that name that section, instead of this
option. An empty list turns the plugin off: every byte that Nova answers is
then stock Nova's.

Possible values:

* aliases of installed extensions, separated by commas, each once
"""),
    cfg.ListOpt(
        'state_lock_exempt',
        default=['createImage', 'createBackup'],
        help="""
The calls that os-server-state-lock does not refuse where a server is locked.

The two of the default leave the server as it is; createBackup deletes its
older backups. What Nova itself refuses where a server is locked, it refuses
still.

Possible values:

* names of calls that change a server, separated by commas: for a call to
  ``/servers/{server_id}/action`` the key of its body, such as ``rescue``; for
  any other the HTTP method and the path, such as
  ``PUT /servers/{server_id}/tags``, with any word in braces for an id. A name
  that the installed Nova does not have stops the start of nova-api.
"""),
    cfg.IntOpt(
        'hypervisor_uptime_timeout',
        default=5,
        min=1,
        max=60,
        help="""
How long to wait for the uptime of hypervisors, in seconds.

From microversion 2.88 on, the detailed answers on hypervisors have their
uptime, and Nova asks each host for it that has not stored it. With
os-hypervisor-status the hosts of a list are asked at the same time, 64 at
once, and this is how long the answer waits for all of them together. A host
that has not answered by then has ``"uptime": null``, as one that is down.
"""),
    cfg.StrOpt(
        'on_incompatible',
        default='fail',
        choices=[
            ('fail', 'nova-api does not start'),
            ('disable', 'nova-api starts as stock Nova, without the plugin, '
                        'and says so at ERROR level'),
        ],
        help="""
What to do at the start of nova-api when the plugin cannot work.

That is the case when an extension that is enabled is missing, broken or named
twice, when the installed Nova is older than the plugin supports, or when a
place in Nova that the plugin relies on is not as expected.
"""),
]
