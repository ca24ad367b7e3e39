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

"""Be ``python -m nova_lockstatus.tests.integration.cloud``."""

import argparse
import signal
import sys

from nova_lockstatus.tests.integration.cloud import cloud as clouds
from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import keystone
from nova_lockstatus.tests.integration.cloud import processes

_USE = """
The compute API: %(compute)s
Keystone:        %(keystone)s
Logs, files:     %(folder)s

In another terminal, to be one of %(users)s:

export %(environ)s
openstack server create --os-compute-api-version 2.37 --image stub \\
    --flavor tiny --nic none --availability-zone cell1 --wait billing-1
openstack lock set --reason "unpaid invoice 4711" billing-1
openstack lock list

Ctrl-C stops the cloud and removes it."""


def _describe(cloud):
    return _USE % {
        'compute': cloud.compute_url, 'keystone': cloud.keystone.url,
        'folder': cloud.folder, 'users': ', '.join(keystone.USERS),
        'environ': ' \\\n    '.join(
            '='.join(pair)
            for pair in cloud.keystone.environ('owner').items())}


def main():
    """Run a cloud until Ctrl-C.

    :returns: the exit code
    """
    parser = argparse.ArgumentParser(
        prog='python -m ' + __package__,
        description='A small real Nova with two cells, for trying out.')
    parser.add_argument('--stock', action='store_true',
                        help="nova-api without the plugin's filter")
    parser.add_argument('--workers', type=int, default=2,
                        help='processes of nova-api (default: %(default)s)')
    arguments = parser.parse_args()
    # Python leaves SIGINT alone where a shell has started it with "&".
    for ends in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ends, signal.default_int_handler)
    cloud = clouds.Cloud(not arguments.stock, arguments.workers)
    try:
        print('Starting, this takes half a minute.', flush=True)
        cloud.start()
        print(_describe(cloud), flush=True)
        signal.pause()
    except (engines.Unavailable, processes.Broken) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('Stopping.', flush=True)
    finally:
        cloud.stop()
    return 0


if __name__ == '__main__':
    sys.exit(main())
