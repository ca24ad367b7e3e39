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

"""Options of the notifications of host status, in the group [lockstatus]."""

from oslo_config import cfg

OPTS = [
    cfg.BoolOpt(
        'announce_host_status',
        default=True,
        help="""
Whether each server is announced whose host's status has changed: UP, UNKNOWN,
DOWN or MAINTENANCE.

nova-api announces the changes that are made through it, by enabling,
disabling or forcing down a compute service, with os-server-host-status
enabled. What no call changes, nova-lockstatus-watch announces, where
``connection`` is set: then no announcement is lost, and none is made by both.
``[notifications]notification_format`` says in which forms. Nothing is
announced, and nothing read, where Nova sends no notifications.
"""),
    cfg.BoolOpt(
        'notify_host_names',
        default=False,
        help="""
Whether the announcement of a server names the host that it is on.

What is on the notification bus can reach the owners of servers, who are not
to know the names of hosts. Nova's own notifications name them.
"""),
]
