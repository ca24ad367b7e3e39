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

"""Options of the metrics of nova-lockstatus-watch, in [lockstatus]."""

from oslo_config import cfg

OPTS: list[cfg.Opt] = [
    cfg.PortOpt(
        'metrics_port',
        default=0,
        help="""
The port at which ``nova-lockstatus-watch`` serves metrics to Prometheus,
over HTTP without TLS and without a login. 0: none.

It needs the Python library prometheus_client, which comes with
``nova-lockstatus[metrics]``.
"""),
    cfg.HostAddressOpt(
        'metrics_bind',
        default='127.0.0.1',
        help="""
The address at which ``nova-lockstatus-watch`` serves metrics.

Everybody who can reach it sees how many servers and hosts the cloud has,
their states, and the names of the cells and the webhooks.
"""),
    cfg.IntOpt(
        'metrics_interval',
        default=60,
        min=10,
        mutable=True,
        help="""
Seconds between two counts of servers for the metrics.

A count takes two statements in each cell, and three in a cell with locked
servers. The first reads the compute services, the second groups the table
``instances`` by host, and the third finds the oldest locks in the table
``instance_actions``.
"""),
]
