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

OPTS: list[cfg.Opt] = [
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
older backups. Nova still refuses the calls that it refuses itself for a
locked server.

Possible values:

* names of calls that change a server, separated by commas: for a call to
  ``/servers/{server_id}/action`` the key of its body, such as ``rescue``; for
  any other the HTTP method and the path, such as
  ``PUT /servers/{server_id}/tags``, with any word in braces for an id. A name
  that the installed Nova does not have stops the start of nova-api.
"""),
    cfg.IntOpt(
        'max_lock_time',
        default=10 * 365 * 24 * 3600,
        min=0,
        help="""
How far ahead the end of a lock may be, in seconds.

With os-server-locks, a lock can have an end. One that is further ahead is
refused with 400, as it is most likely a mistake; the default are ten years.
A lock without an end is always possible. 0 means no limit.
"""),
    cfg.BoolOpt(
        'bypass_needs_reason',
        default=False,
        help="""
Whether a caller must give a reason to bypass a lock.

With os-server-locks, a call that a lock refuses, and whose caller may bypass
the lock, then needs the header ``X-Lock-Bypass-Reason`` with 1 to 255
characters. Without it nova-api refuses the call with 409. With it, nova-api
records the reason as the instance action ``bypass_lock``, logs it and sends
a notification before the call is made. That includes calls that Nova's own
check of the lock lets admins make.
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
                        'and logs that at ERROR'),
        ],
        help="""
The behaviour of nova-api at its start if the plugin cannot work: an enabled
extension is missing, broken or named twice, the installed Nova is older than
the plugin supports, or a place in Nova that the plugin relies on is not as
expected.
"""),
    cfg.BoolOpt(
        'speedups',
        default=True,
        help="""
Whether the filter makes Nova's own answers faster, without changing them.

Nova validates each response against a schema, unless
``[api]response_validation`` is ``ignore``. With the filter it is serialised
once for that instead of up to 15 times. With the package jsonschema-rs,
which the extra ``speedups`` installs, the schemas are compiled. The result
of the validation, and Nova's reaction to it, stay the same. Of the services
of hosts and the system metadata, a list of servers reads only the values
that it shows.

Turn it off to find out whether it causes a problem.
"""),
    cfg.BoolOpt(
        'announce_host_status',
        default=True,
        help="""
Whether an event is sent for each server on a host whose status changes to
UP, UNKNOWN, DOWN or MAINTENANCE.

With os-server-host-status, nova-api sends events for its own calls that
enable, disable or force down a compute service. With ``connection``,
nova-lockstatus-watch sends events for changes without a call; then no event
is lost, and none is sent by both. ``[notifications]notification_format``
sets their form. If Nova sends no notifications, no server is read for them,
and none is sent.
"""),
    cfg.BoolOpt(
        'notify_host_names',
        default=False,
        help="""
Whether the events of a change of a host have the name of the host.

Notifications can reach the owners of servers, and the names of hosts are not
meant for owners. Nova's own notifications have them.
"""),
    cfg.StrOpt(
        'connection',
        secret=True,
        help="""
The URL of the plugin's own database, in the form of SQLAlchemy.

``nova-lockstatus db sync`` makes its tables. Events of hosts that are
retried, webhooks, and locks of projects and hosts need it. Without it,
``nova-lockstatus-status upgrade check`` cannot find whether
``nova-lockstatus-watch`` runs.

Possible values:

* for one machine, a file of SQLite, such as
  ``sqlite:////var/lib/nova/lockstatus.sqlite``
* for several, a database on a server of MariaDB, MySQL or PostgreSQL, such as
  ``mysql+pymysql://user:password@host/nova_lockstatus?charset=utf8mb4`` or
  ``postgresql+psycopg2://user:password@host/nova_lockstatus``

In the user and the password write ``%40`` for ``@``, ``%2F`` for ``/``,
``%25`` for ``%``, and ``$$`` for ``$``.

If the URL cannot be used, nova-api logs the cause at its start and works
without the database, and ``nova-lockstatus-watch`` does not start.
"""),
]
