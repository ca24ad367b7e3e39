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

"""Measures how soon a consumer hears what has become of a host.

Over the small real cloud of the integration tests, with two processes each of
nova-api and nova-lockstatus-watch; and beside the way that OPNFV Doctor goes
with stock Nova, which is to reset the state of each server.
"""

import argparse
import datetime
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from concurrent import futures

import prettytable
import psutil

from nova_lockstatus.tests.bench import rack
from nova_lockstatus.tests.integration.cloud import cloud as clouds
from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import listener
from nova_lockstatus.tests.integration.cloud import nova_config
from nova_lockstatus.tests.integration.cloud import processes
from nova_lockstatus.tests.integration.cloud import rows

DEFAULT_JSON = os.path.join(tempfile.gettempdir(),
                            'nova-lockstatus-announcements.json')

FORCE_DOWN = 'force-down, %s'
LOST_HEARTBEAT = 'lost heartbeat'
RESET_STATE = 'stock Nova: reset-state, %s'

FORMATS = ('versioned', 'both')
"""Of notifications. In both, each server has two."""

TARGETS = {50: {'last': 0.3}, 1000: {'first': 0.1, 'last': 1.0}}
"""Seconds after the answer in which a consumer is to have the first and the
last notification, by the number of servers. With one of them each."""

LOST_WITHIN = 1.0
"""Seconds after ``service_down_time`` has passed."""

LOOK_MS = 50
"""Milliseconds of CPU that a look is to take at the most."""

LOOKS = 40

LOOK_INTERVAL = 0.5
"""Seconds: the default."""

_UPDATE = 'instance.update'
_BOOTS = 8
_THREADS = 16
_WATCHES = ('watch-1', 'watch-2')
_HOST = nova_config.CELLS['cell1']
_OTHER_HOST = nova_config.CELLS['cell2']


class Bench:
    """Measures, over a cloud of its own.

    :param sizes: how many servers the host has, one after the other, in
        growing order
    :param looked_at: how many hosts the watch looks at
    :param runs: how often each is measured
    :param say: is told how far it is
    :param racks: the hosts of a rack in each of two cells, and the servers of
        each host; nothing not to measure it
    """

    def __init__(self, sizes, looked_at, runs, say, racks=()):
        self._racks = racks
        self._sizes = sizes
        self._looked_at = looked_at
        self._runs = runs
        self._say = say
        self._cloud = clouds.Cloud(with_filter=False)

    def measure(self):
        """Measure all.

        :returns: a dict for JSON
        :raises Unavailable: when there is nothing to build a cloud over
        :raises Broken: when the cloud does not do what it should
        """
        self._say('Starting a cloud')
        try:
            self._cloud.start()
            broker = engines.transport_url(self._cloud.name + 'top')
            self._cloud.nova.configure({
                # Past what can cut it off in tests.
                'oslo_messaging_notifications': {'transport_url': broker},
                'notifications': {'notification_format': 'versioned',
                                  # Without it stock Nova tells nobody.
                                  'notify_on_state_change': 'vm_state'}})
            self._cloud.restart_api()
            self._listener = listener.Listener(
                broker, (listener.EVENT, _UPDATE))
            try:
                found = self._measure() if self._sizes else {'told': []}
                found['told'] += self._measure_rack()
                return {**found, 'service_down_time': nova_config.DOWN_TIME}
            finally:
                self._listener.stop()
        finally:
            self._cloud.stop()

    def _measure(self):
        cell = self._cloud.name + 'cell1'
        few = self._sizes[0]
        self._say('Booting %d servers' % few)
        with futures.ThreadPoolExecutor(_BOOTS) as pool:
            servers = list(pool.map(
                lambda number: self._cloud.boot_server('bench-%d' % number),
                range(few)))
        self._calm(_HOST)
        self._calm(_OTHER_HOST)
        found = []
        for threads in (1, _THREADS):
            self._say(RESET_STATE % 'versioned')
            found.append({
                'what': RESET_STATE % (
                    'one by one' if threads == 1
                    else 'by %d threads' % threads),
                'servers': few,
                **self._repeat(self._reset_state, servers, threads)})
        self._cloud.restart_api(with_filter=True)
        for name in FORMATS:
            self._cloud.nova.configure(
                {'notifications': {'notification_format': name}})
            self._cloud.restart_api()
            with self._watching(*_WATCHES):
                for size in self._sizes:
                    self._say((FORCE_DOWN % name) + ', %d servers' % size)
                    if size > few:
                        rows.add_servers(cell, _HOST, size - few)
                    found.append({
                        'what': FORCE_DOWN % name, 'servers': size,
                        **self._repeat(self._force_down, size)})
                    rows.remove_servers(cell)
        with self._watching(*_WATCHES):
            rows.add_servers(self._cloud.name + 'cell2', _OTHER_HOST, few)
            self._say(LOST_HEARTBEAT)
            found.append({
                'what': LOST_HEARTBEAT, 'servers': few,
                **self._repeat(self._lose_heartbeat, few)})
        return {'told': found, 'look': self._look(cell)}

    def _measure_rack(self):
        if not self._racks:
            return []
        self._cloud.nova.configure(
            {'notifications': {'notification_format': 'versioned'}})
        self._cloud.restart_api(with_filter=True)
        found = []
        with rack.Rack(self._cloud, self._listener, *self._racks) as failing:
            for names in (_WATCHES[:1], _WATCHES):
                self._say(rack.LOST % rack.watches(len(names)))
                failing.revive()
                with self._watching(*names):
                    found += failing.measure(names, self._runs)
        return found

    def _calm(self, host):
        """Have a nova-compute leave alone what is only in the database."""
        self._cloud.nova.configure({'DEFAULT': dict.fromkeys((
            'sync_power_state_interval', 'update_resources_interval',
            'heal_instance_info_cache_interval'), '-1')}, host)
        self._cloud.stop_compute(host)
        self._cloud.start_compute(host)

    def _repeat(self, function, *args):
        times = [function(*args) for _ in range(self._runs)]
        first, last = zip(*times)
        return {'first': first, 'last': last}

    def _watching(self, *names, config=()):
        return _Watches(self._cloud, names, config)

    def _service(self, host):
        [service] = self._cloud.ask(
            'GET', '/os-services?binary=nova-compute&host=' + host, 'admin',
            microversion='2.53')['services']
        return service['id']

    def _put(self, service, down):
        self._cloud.ask('PUT', '/os-services/' + service, 'admin',
                        {'forced_down': down}, '2.53')

    def _force_down(self, count):
        service = self._service(_HOST)
        self._wait_for_status(_HOST, 'UP')
        self._listener.forget()
        self._put(service, True)
        answered = time.time()
        times = self._wait_for(listener.EVENT, count)
        self._put(service, False)
        self._wait_for(listener.EVENT, 2 * count)
        self._wait_until_told()
        return min(times) - answered, max(times) - answered

    def _wait_for(self, event, count):
        heard = self._listener.heard[event]
        deadline = time.monotonic() + processes.TIMEOUT
        while len(heard) < count:
            self._cloud.processes.check()
            if time.monotonic() > deadline:
                raise processes.Broken('%d of %d servers were told' % (
                    len(heard), count))
            time.sleep(0.02)
        return [one.at for one in heard[:count]]

    def _wait_until_told(self):
        self._cloud.processes.wait_for('nothing is owed', lambda: not any(
            engines.select(self._cloud.name + 'store',
                           'SELECT count(*) FROM announcements')))

    def _wait_for_status(self, host, status):
        self._cloud.processes.wait_for(
            '%s is known as %s' % (host, status),
            lambda: status in engines.select(
                self._cloud.name + 'store',
                "SELECT status FROM host_statuses WHERE host = '%s'" % host))

    def _reset_state(self, servers, threads):
        """Do what an inspector does: force-down, and each server.

        :returns: the seconds to the first and the last notification, after
            the answer to the force-down
        """
        service = self._service(_HOST)
        self._listener.forget()
        self._put(service, True)
        answered = time.time()
        listed = self._cloud.ask(
            'GET', '/servers?all_tenants=1&host=' + _HOST, 'admin')['servers']
        with futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda server: self._reset(server['id'], 'error'),
                          listed))
        times = self._wait_for(_UPDATE, len(servers))
        self._put(service, False)
        for server_id in servers:
            self._reset(server_id, 'active')
        self._wait_for(_UPDATE, 2 * len(servers))
        return min(times) - answered, max(times) - answered

    def _reset(self, server_id, state):
        self._cloud.ask('POST', '/servers/%s/action' % server_id, 'admin',
                        {'os-resetState': {'state': state}})

    def _lose_heartbeat(self, count):
        """Have a nova-compute die.

        :returns: the seconds to the first and the last notification, after
            ``service_down_time`` has passed
        """
        self._wait_for_status(_OTHER_HOST, 'UP')
        self._listener.forget()
        self._cloud.stop_compute(_OTHER_HOST)
        times = self._wait_for(listener.EVENT, count)
        [seen] = engines.select(
            self._cloud.name + 'cell2', "SELECT last_seen_up FROM services "
            "WHERE host = '%s' AND services.binary = 'nova-compute'"
            % _OTHER_HOST)
        over = seen.replace(tzinfo=datetime.timezone.utc).timestamp() + (
            nova_config.DOWN_TIME)
        self._cloud.start_compute(_OTHER_HOST)
        self._wait_for_status(_OTHER_HOST, 'UP')
        self._wait_until_told()
        return min(times) - over, max(times) - over

    def _look(self, cell):
        """Measure what a watch works that finds nothing to do.

        :returns: the milliseconds of CPU that a look takes
        """
        self._say('A look at %d hosts' % self._looked_at)
        rows.add_hosts(cell, self._looked_at)
        config = self._cloud.nova.config.with_name('look.conf')
        config.write_text(
            '[DEFAULT]\nservice_down_time = 86400\n'
            '[lockstatus]\nguard = off\nhost_interval = %s\n'
            % LOOK_INTERVAL)
        with self._watching(_WATCHES[0], config=[config]):
            self._wait_for_status(rows.PREFIX + '0', 'UP')
            # It starts, and writes down what it has found.
            time.sleep(3)
            watch = psutil.Process(self._cloud.processes.pid(_WATCHES[0]))
            both = [watch, *watch.children()]
            before = _worked(both)
            time.sleep(LOOKS * LOOK_INTERVAL)
            worked = _worked(both) - before
        return {'hosts': self._looked_at, 'ms': 1000 * worked / LOOKS}


def _worked(those):
    times = [process.cpu_times() for process in those]
    return sum(time.user + time.system for time in times)


class _Watches:
    def __init__(self, cloud, names, config):
        self._cloud = cloud
        self._names = names
        self._config = config

    def __enter__(self):
        for name in self._names:
            self._cloud.nova.start_watch(name, self._config)
        for name in self._names:
            self._cloud.processes.wait_for_log(name, 'is running')

    def __exit__(self, *_exc):
        for name in self._names:
            self._cloud.nova.stop_watch(name)


def missed(found):
    """Tell what is not as it is to be.

    :param found: what :meth:`Bench.measure` has returned
    :returns: a sentence for each
    """
    result = []
    for row in found['told']:
        for which, limit in _targets(row).items():
            median = statistics.median(row[which])
            if median >= limit:
                result.append(
                    '%s, %d servers: the %s is told after %.3f s, to be '
                    'below %.1f' % (row['what'], row['servers'], which,
                                    median, limit))
    result += rack.missed(found['told'])
    if 'look' in found and found['look']['ms'] >= LOOK_MS:
        result.append('a look at %(hosts)d hosts takes %(ms).1f ms of CPU'
                      % found['look'] + ', to be below %d' % LOOK_MS)
    return result


def _targets(row):
    if row['what'] == LOST_HEARTBEAT:
        return {'last': LOST_WITHIN}
    if row['what'] == FORCE_DOWN % 'versioned':
        return TARGETS.get(row['servers'], {})
    return rack.targets(row)


def render(found):
    """Make text of what was measured.

    :param found: what :meth:`Bench.measure` has returned
    :returns: a table, what a look takes, and what was missed
    """
    table = prettytable.PrettyTable((
        'Change', 'Servers', 'Runs', 'First', 'Last', 'Latest'))
    table.align = 'r'
    table.align['Change'] = 'l'
    for row in found['told']:
        table.add_row([
            row['what'], row['servers'], len(row['last']),
            *('%.3f' % seconds for seconds in (
                statistics.median(row['first']),
                statistics.median(row['last']), max(row['last'])))])
    return '\n'.join([
        'Seconds until a consumer is told, medians and the worst run; '
        '%(cpus)d CPUs, %(date)s:' % found['about'], str(table),
        *rack.render(found['told']),
        *('A look at %(hosts)d hosts takes %(ms).1f ms of CPU.' % look
          for look in [found.get('look')] if look),
        *('MISSED: ' + problem for problem in missed(found))])


def parse(arguments):
    """Read the command line.

    :param arguments: it
    :returns: the options
    """
    parser = argparse.ArgumentParser(
        prog='tox -e bench-announcements --', description=__doc__)
    parser.add_argument('--servers', type=int, nargs='+',
                        default=sorted(TARGETS),
                        help='how many servers the host has, growing '
                             '(%(default)s)')
    parser.add_argument('--hosts', type=int, default=1000,
                        help='how many hosts a watch looks at (%(default)s)')
    parser.add_argument('--runs', type=int, default=5,
                        help='how often each is measured (%(default)s)')
    parser.add_argument('--rack', type=int, nargs=2, default=(50, 50),
                        metavar=('HOSTS', 'SERVERS'),
                        help='how many hosts of each of two cells fail '
                             'together, and the servers of each '
                             '(%(default)s)')
    parser.add_argument('--only-rack', action='store_true',
                        help='measure the failure of the rack alone')
    parser.add_argument('--json', default=DEFAULT_JSON, metavar='FILE',
                        help='where the result goes (%(default)s)')
    parser.add_argument('--check', action='store_true',
                        help='fail when something is slower than it should be')
    return parser.parse_args(arguments)


def say(text):
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def main(arguments=None):
    """Measure, and tell.

    :param arguments: the command line's
    :returns: the exit code
    """
    options = parse(arguments)
    # So that the cloud is removed, whatever ends it.
    for ends in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ends, signal.default_int_handler)
    try:
        found = Bench(
            () if options.only_rack else options.servers, options.hosts,
            options.runs, say, options.rack).measure()
    except engines.Unavailable as error:
        say('How soon announcements come is not measured: %s' % error)
        return 2 if options.check else 0
    except processes.Broken as error:
        say(error)
        return 2
    except KeyboardInterrupt:
        say('Interrupted')
        return 130
    found['about'] = {'cpus': os.cpu_count(),
                      'date': datetime.date.today().isoformat()}
    with open(options.json, 'w', encoding='utf-8') as target:
        json.dump(found, target, indent=2)
        target.write('\n')
    print(render(found))
    return 1 if options.check and missed(found) else 0


if __name__ == '__main__':
    sys.exit(main())
