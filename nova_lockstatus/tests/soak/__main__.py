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

"""Load a small real cloud with the plugin, and without it before and after."""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from concurrent import futures

from nova_lockstatus.tests.integration.cloud import clients
from nova_lockstatus.tests.integration.cloud import cloud as clouds
from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import processes
from nova_lockstatus.tests.soak import memory
from nova_lockstatus.tests.soak import report

DEFAULT_JSON = os.path.join(tempfile.gettempdir(), 'nova-lockstatus-soak.json')

BOOTS = 8
"""How many servers boot at once."""

PIECE = 60
"""Seconds of the warm-up after which its calls are counted."""


def parse(arguments):
    """Read the command line.

    :param arguments: it
    :returns: the options
    """
    parser = argparse.ArgumentParser(
        prog='tox -e soak --', description=__doc__)
    parser.add_argument('--clients', type=int, default=50,
                        help='how many call at once (%(default)s)')
    parser.add_argument('--minutes', type=float, default=10,
                        help='how long with the filter (%(default)s); '
                             'without it half as long, twice')
    parser.add_argument('--warm-up', type=int, default=4500, metavar='CALLS',
                        help='how many calls before each phase (%(default)s)')
    parser.add_argument('--workers', type=int, default=2,
                        help='processes of nova-api (%(default)s)')
    parser.add_argument('--json', default=DEFAULT_JSON, metavar='FILE',
                        help='where the result goes (%(default)s)')
    return parser.parse_args(arguments)


def say(text):
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def run(cloud, options):
    """Load a cloud, and look at it.

    :param cloud: the Cloud, without the filter
    :param options: the command line's
    :returns: what came of each phase
    """
    say('Booting %d servers' % options.clients)
    with futures.ThreadPoolExecutor(BOOTS) as threads:
        servers = list(threads.map(
            lambda number: cloud.boot_server(
                'soak-%d' % number, cell='cell%d' % (number % 2 + 1)),
            range(options.clients)))
    phases = []
    for with_filter, share in ((False, 0.5), (True, 1), (False, 0.5)):
        say('%s the filter' % ('With' if with_filter else 'Without'))
        cloud.restart_api(with_filter)
        phases.append(load(cloud, servers, with_filter, options.warm_up,
                           60 * options.minutes * share))
    return phases


def warm(call, calls):
    """Call until that has been answered often enough.

    :param call: calls for as many seconds, and returns what came of it
    :param calls: how many calls are to be answered
    :returns: the failures
    """
    failures = []
    while calls > 0:
        answered = call(PIECE)
        failures += answered['failures']
        count = sum(map(len, answered['seconds'].values()))
        if not count:
            break
        calls -= count
    return failures


def load(cloud, servers, with_filter, warm_up, seconds):
    """Load a cloud for a while.

    :param cloud: the Cloud
    :param servers: the ids of servers, one for each client
    :param with_filter: whether it has the filter
    :param warm_up: how many calls are answered before it counts
    :param seconds: how many seconds count
    :returns: what came of it, as a dict
    """
    def call(seconds):
        with clients.calling(cloud, servers, with_filter) as answered:
            time.sleep(seconds)
        return answered

    failures = warm(call, warm_up)
    began = time.monotonic()
    with memory.Memory(cloud.processes.pid('nova-api')) as looks:
        answered = call(seconds)
        lasted = time.monotonic() - began
    return {'with_filter': with_filter, 'lasted': lasted,
            'failures': failures + answered['failures'],
            'seconds': answered['seconds'], 'gone': looks.gone,
            'sizes': list(looks.sizes.values())}


def main(arguments=None):
    """Be the program.

    :param arguments: the command line's
    :returns: the exit code: 1 when a call failed or a worker has grown
    """
    options = parse(arguments)
    # So that the cloud is removed, whatever ends it.
    for ends in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ends, signal.default_int_handler)
    cloud = clouds.Cloud(with_filter=False, workers=options.workers)
    try:
        say('Starting a cloud')
        cloud.start()
        phases = run(cloud, options)
    except (engines.Unavailable, processes.Broken) as error:
        say(error)
        return 1
    except KeyboardInterrupt:
        say('Interrupted')
        return 130
    finally:
        cloud.stop()
    with open(options.json, 'w', encoding='utf-8') as target:
        json.dump({'options': vars(options), 'phases': phases}, target)
    print(report.render(phases))
    return 1 if report.missed(phases) else 0


if __name__ == '__main__':
    sys.exit(main())
