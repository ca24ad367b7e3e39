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
            ('report', 'say so in the log and in a notification, log which '
                       'reasons of locks are to be repaired, and touch '
                       'nothing'),
            ('off', 'do not look, nor look for reasons of locks'),
        ],
        help="""
What ``nova-lockstatus-watch`` does about a server that is locked and should be
suspended, stopped or paused, and runs all the same.

nova-compute does not look at the lock: a suspended server that something
starts behind Nova's back goes on running, and
``[DEFAULT]resume_guests_state_on_host_boot`` starts it again with its host.
"""),
    cfg.IntOpt(
        'guard_interval',
        default=60,
        min=1,
        mutable=True,
        help="""
Seconds between two looks of the guard at the power states that Nova has
recorded.

A look is one statement for 1000 servers found in each cell, which reads
``instances``. At the same interval reasons of locks are looked for: that takes
two statements for 1000 locked servers in each cell, and one more.
"""),
    cfg.IntOpt(
        'guard_pause',
        default=60,
        min=1,
        mutable=True,
        help="""
Seconds to wait before the guard tries again, or says again, what it has tried
or said of a server once. The pause doubles with each time, up to
``guard_pause_max``.
"""),
    cfg.IntOpt(
        'guard_pause_max',
        default=3600,
        min=1,
        mutable=True,
        help="""
The longest pause in seconds between two tries, or two messages, of the guard
about one server.
"""),
    cfg.IntOpt(
        'guard_claim_timeout',
        default=1800,
        min=60,
        mutable=True,
        help="""
Seconds after which the guard gives up an action that nova-compute has not
finished, such as one that was lost with the message broker.

The server's task state is cleared then, and the guard tries again. The time
counts from when the guard sees that the action is under way while the host is
up. Choose it longer than the suspend of the largest server takes.
"""),
    cfg.IntOpt(
        'guard_probe_interval',
        default=0,
        min=0,
        mutable=True,
        help="""
Seconds between two rounds in which the guard asks nova-compute whether locked
servers that are recorded as down run on the hypervisor. 0: never.

nova-compute records the power state by itself, with each event that its
hypervisor reports and every ``[DEFAULT]sync_power_state_interval`` seconds.
Only where that is too slow or turned off is there need to ask.

What is asked is the diagnostics of the server. For each server that is down
as it should be, nova-compute sends an error notification that says so, as it
does for any call that it refuses.
"""),
    cfg.IntOpt(
        'guard_probe_timeout',
        default=5,
        min=1,
        mutable=True,
        help="""
Seconds that the guard waits for nova-compute's answer about one server. A host
that does not answer in time is not asked again before the next round.
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
Seconds between two looks at the ends of locks in all cells, by which
``nova-lockstatus-watch`` lifts a lock with ``"release": true`` when its end
has come, and announces one without it as expired.

A look takes two statements in each cell, which read the servers that have
changed in the last two minutes, and one for the time of the database. Once a
minute all servers with locks are read. It is taken where
``enabled_extensions`` names os-server-locks; any number of processes can do
so.
"""),
    cfg.FloatOpt(
        'host_interval',
        default=0.5,
        min=0.1,
        mutable=True,
        help="""
Seconds between two looks at the compute services of all cells, by which
``nova-lockstatus-watch`` sees what no call of nova-api changes: a lost
heartbeat, its return, a change by nova-manage.

A look is one statement in each cell. It is taken where ``connection`` is set
and changes are announced; any number of processes can do so.
"""),
]
