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

"""Start the service nova-lockstatus-watch."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oslo_config import cfg

    from nova_lockstatus.db import database
    from nova_lockstatus.utils.metrics import Metrics
    from nova_lockstatus.watch import service


PROGRAM = 'nova-lockstatus-watch'


def _choose_concurrency() -> None:
    # NOTE: before anything else of Nova, as in Nova's own programs. Up to
    # release 31, importing the module makes threads those of eventlet, unless
    # the environment says otherwise; later there is a function, and with its
    # parameter come native threads.
    module = importlib.import_module('nova.monkey_patch')
    patch = getattr(module, 'patch', None)
    if patch is None:
        return
    if 'backend' in inspect.signature(patch).parameters:
        patch(backend='threading')
    else:
        patch()


def _make_metrics(conf: cfg.ConfigOpts
                  ) -> tuple[Metrics, list[service.PeriodicTask]]:
    from nova_lockstatus import exception
    from nova_lockstatus.events import sinks
    from nova_lockstatus.gateway import compute_service
    from nova_lockstatus.gateway.host_status_reader import HostStatusReader
    from nova_lockstatus.utils import http_server
    from nova_lockstatus.utils.metrics import NO_METRICS
    from nova_lockstatus.watch.server_counts import ServerCountCollector

    options = conf.lockstatus
    if not options.metrics_port:
        return NO_METRICS, []
    try:
        import prometheus_client
    except ImportError as error:
        raise exception.MetricsLibraryMissing(reason=error) from error
    from nova_lockstatus.watch import prometheus_metrics

    # Not the library's own registry, which shows the process as well.
    registry = prometheus_client.CollectorRegistry()
    metrics = prometheus_metrics.Prometheus(registry, sinks.of_webhooks(conf))
    server = http_server.BackgroundServer(
        prometheus_client.make_wsgi_app(registry), options.metrics_bind,
        options.metrics_port)
    server.bind()
    return metrics, [ServerCountCollector(
        conf, metrics, HostStatusReader(compute_service.service_is_up()),
        server)]


def _make_lock_tasks(conf: cfg.ConfigOpts, metrics: Metrics,
                     store: database.Store | None = None
                     ) -> list[service.PeriodicTask]:
    from nova_lockstatus.events.webhook import endpoint
    from nova_lockstatus.watch import lock_ends
    from nova_lockstatus.watch import lock_expiries

    if store is None:
        return [lock_ends.LockEnds(conf, metrics)]
    return [
        lock_ends.LockEnds(conf, metrics, lock_expiries.LockExpiries(
            conf, store, endpoint.read(conf))),
        lock_expiries.LockExpiryRelay(conf, store, metrics)]


def _make_tasks(conf: cfg.ConfigOpts) -> list[service.PeriodicTask]:
    from nova_lockstatus import exception
    from nova_lockstatus.db import database
    from nova_lockstatus.events import retention
    from nova_lockstatus.utils import logs
    from nova_lockstatus.watch import host_status_monitor
    from nova_lockstatus.watch import lock_repair
    from nova_lockstatus.watch import notification_relay
    from nova_lockstatus.watch import own_heartbeat
    from nova_lockstatus.watch import reason_repair
    from nova_lockstatus.watch import webhook_relay
    from nova_lockstatus.watch.guard import tasks as guard_tasks

    webhooks = webhook_relay.make_clients(conf)
    metrics, collectors = _make_metrics(conf)
    tasks: list[service.PeriodicTask] = [
        guard_tasks.Guard(conf, metrics), guard_tasks.Probe(conf, metrics),
        reason_repair.ReasonRepair(conf, metrics),
        lock_repair.LockRepair(conf, metrics), *collectors]
    try:
        store = database.open_store(conf)
    except exception.StoreNotConfigured:
        logs.logger(__name__).info(
            '[lockstatus]connection is not set: this nova-lockstatus-watch '
            'reports to no database that it runs, and sends no notifications '
            'of hosts.')
        if webhooks:
            logs.logger(__name__).error(
                'Webhooks get no events, as [lockstatus]connection is not '
                'set.')
        return [*tasks, *_make_lock_tasks(conf, metrics)]
    relay = notification_relay.NotificationRelay(conf, store, metrics)
    return [*tasks, *_make_lock_tasks(conf, metrics, store),
            own_heartbeat.Heartbeat(conf, store), relay,
            host_status_monitor.HostStatusMonitor(conf, store, relay, metrics),
            retention.OutboxRetention(conf, store),
            *(webhook_relay.WebhookRelay(conf, store, *webhook, metrics)
              for webhook in webhooks)]


def _read_configuration(conf: cfg.ConfigOpts, argv: list[str]) -> None:
    from nova import config
    from oslo_config import cfg
    from oslo_log import log as logging

    from nova_lockstatus import conf as lockstatus_conf
    from nova_lockstatus.cli import config_files
    from nova_lockstatus.cli import nova_config
    from nova_lockstatus.utils import logs

    lockstatus_conf.register_opts(conf)
    try:
        config.parse_args(argv, config_files.of_watch(os.environ, PROGRAM))
    except (cfg.Error, OSError) as error:
        raise nova_config.unreadable(error, any(
            word.startswith('--config-') for word in argv)) from error
    logging.setup(conf, 'nova')
    if not (conf.config_file or conf.config_dir):
        logs.logger(__name__).warning(
            'No nova.conf was found, the defaults of all options are in '
            'force: %s.', config_files.ADVICE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the service until it is stopped.

    :param argv: the command line, by default that of the process
    :returns: the exit code
    """
    argv = list(sys.argv if argv is None else argv)
    if '--version' in argv[1:]:
        # NOTE: nova.config answers it with Nova's.
        sys.stdout.write(metadata.version('nova-lockstatus') + '\n')
        return 0
    from nova_lockstatus import exception

    try:
        _choose_concurrency()
    except ModuleNotFoundError as error:
        sys.stderr.write('%s\n' % exception.NovaNotUsable(reason=error))
        return 1
    return _run(argv)


def _run(argv: list[str]) -> int:
    import nova.conf
    from nova import objects

    from nova_lockstatus import exception
    from nova_lockstatus.gateway import requirements
    from nova_lockstatus.utils import logs
    from nova_lockstatus.watch import requirements as watch_requirements

    conf = nova.conf.CONF
    try:
        _read_configuration(conf, argv)
    except exception.LockStatusException as error:
        sys.stderr.write('%s\n' % error)
        return 1
    try:
        requirements.check(watch_requirements.RELIES_ON)
        objects.register_all()
        tasks = _make_tasks(conf)
    except exception.LockStatusException as error:
        logs.logger(__name__).error(
            'nova-lockstatus-watch does not start: %s', error)
        return 1

    # NOTE: after nova.config, which imports webob.dec; up to Nova 31 the
    # module relies on it, and does not import it itself.
    from nova import service as nova_service

    from nova_lockstatus.watch import service

    nova_service.serve(service.Watch(tasks), workers=1)
    nova_service.wait()
    return 0


if __name__ == '__main__':
    sys.exit(main())
