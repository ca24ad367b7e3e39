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

"""The entry point that the OpenStackClient imports at each start.

It imports as little as possible.

NOTE: openstackclient.common.clientmanager requires these names.
"""

import argparse
import typing

if typing.TYPE_CHECKING:
    from nova_lockstatus.osc import client

API_NAME = 'lockstatus'
# NOTE: the commands are in the group openstack.lockstatus.v2. The version of
# the API is that of --os-compute-api-version, there is no other.
API_VERSION_OPTION = 'os_lockstatus_api_version'
DEFAULT_API_VERSION = '2'
API_VERSIONS = {'2': 'nova_lockstatus.osc.client.ComputeClient'}


def make_client(instance: typing.Any) -> 'client.ComputeClient':
    """Make the client that the commands get from the client manager."""
    from nova_lockstatus.osc import client
    return client.ComputeClient(instance.sdk_connection)


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Return the parser of the global options; the plugin adds none."""
    return parser
