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

"""Options of nova-lockstatus-watch, in the group [lockstatus]."""

from oslo_config import cfg

OPTS = [
    cfg.StrOpt(
        'guard',
        default='report',
        mutable=True,
        choices=[
            ('enforce', 'bring the server back to the state that it should '
                        'have, through nova-compute, and repair reasons of '
                        'locks'),
            ('report', 'log the server and send a notification, log which '
                       'reasons of locks need a repair, and change nothing'),
            ('off', 'check neither servers nor reasons of locks'),
        ],
        help="""
The action of ``nova-lockstatus-watch`` on a locked server that should be
suspended, stopped or paused, but runs.

nova-compute does not check the lock. A suspended server that is started at
the hypervisor goes on running, and
``[DEFAULT]resume_guests_state_on_host_boot`` starts it again with its host.
"""),
    cfg.IntOpt(
        'guard_interval',
        default=60,
        min=1,
        mutable=True,
        help="""
Seconds between two reads of the recorded power states by the guard.

A read takes one statement on ``instances`` in each cell for 1000 servers
found. At the same interval reasons of locks are checked, which takes two
statements in each cell for 1000 locked servers, and one more.
"""),
    cfg.IntOpt(
        'guard_pause',
        default=60,
        min=1,
        mutable=True,
        help="""
Seconds before the guard acts on the same server, or reports it, again. The
pause doubles each time, up to ``guard_pause_max``.
"""),
    cfg.IntOpt(
        'guard_pause_max',
        default=3600,
        min=1,
        mutable=True,
        help="""
The longest pause in seconds between two actions or two reports of the guard
on one server.
"""),
    cfg.IntOpt(
        'guard_claim_timeout',
        default=1800,
        min=60,
        mutable=True,
        help="""
Seconds after which the guard gives up an action that nova-compute has not
finished, for example because the message broker lost it.

The guard then clears the server's task state and tries again. The time
begins when the guard finds the action under way while the host is up. Set it
longer than the suspend of the largest server takes.
"""),
    cfg.IntOpt(
        'guard_probe_interval',
        default=0,
        min=0,
        mutable=True,
        help="""
Seconds between two rounds in which the guard asks nova-compute whether
locked servers that are recorded as down run on the hypervisor. 0: never.

nova-compute records the power state by itself, with each event that its
hypervisor reports and every ``[DEFAULT]sync_power_state_interval`` seconds.
Set this option if that is too slow or turned off.

The guard calls for the diagnostics of the server. If the server is down, as
it should be, nova-compute refuses the call and sends an error notification.
"""),
    cfg.IntOpt(
        'guard_probe_timeout',
        default=5,
        min=1,
        mutable=True,
        help="""
Seconds that the guard waits for nova-compute's answer about one server. A
host that does not answer in time is not asked again before the next round.
"""),
    cfg.IntOpt(
        'guard_probe_workers',
        default=8,
        min=1,
        mutable=True,
        help="""
How many hosts of a cell the guard asks at the same time.
"""),
    cfg.FloatOpt(
        'lock_ends_interval',
        default=0.5,
        min=0.1,
        mutable=True,
        help="""
Seconds between two reads of the ends of locks in all cells. At its end
``nova-lockstatus-watch`` lifts a lock with ``"release": true``, and sends an
event of a lock without it.

A read takes two statements in each cell for the servers that have changed in
the last two minutes, and one for the time of the database. Once a minute all
servers with locks are read. It needs os-server-locks in
``enabled_extensions``. Any number of processes can do it.
"""),
    cfg.FloatOpt(
        'host_interval',
        default=0.5,
        min=0.1,
        mutable=True,
        help="""
Seconds between two reads of the compute services of all cells. With them
``nova-lockstatus-watch`` finds the changes without a call of nova-api: a
lost heartbeat, its return, a change by nova-manage.

A read takes one statement in each cell. It is made if ``connection`` is set
and events of hosts are sent. Any number of processes can do it.
"""),
]
