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

"""The paste filter, the plugin's only door into an operator's Nova."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from oslo_config import cfg
from oslo_config import types

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus import exception
from nova_lockstatus.api import after_response
from nova_lockstatus.api import pipeline as pipelines
from nova_lockstatus.api import scope_locks
from nova_lockstatus.extensions import loader
from nova_lockstatus.extensions import server_locks
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

PASTE_OPTIONS = ('enabled_extensions',)

WSGIApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]


class LockStatusFilter:
    """Marks the requests of a pipeline as served by its extensions.

    :param application: the next filter, or Nova's router
    :param pipeline: what the pipeline serves
    """

    def __init__(self, application: WSGIApplication,
                 pipeline: pipelines.Pipeline) -> None:
        self.application = application
        self._pipeline = pipeline

    def __call__(self, environ: dict[str, Any],
                 start_response: Any) -> Iterable[bytes]:
        environ[pipelines.ENVIRON] = self._pipeline
        body = self.application(environ, start_response)
        function = environ.pop(pipelines.ON_CLOSE, None)
        return body if function is None else after_response.ClosingIterator(
            body, function)


def filter_factory(
        global_conf: Mapping[str, str] | None,
        **local_conf: str) -> Callable[[WSGIApplication], WSGIApplication]:
    """Make the filter for one pipeline, as paste.deploy asks for it.

    :param global_conf: the [DEFAULT] section of api-paste.ini, not used
    :param local_conf: the filter's own section; ``enabled_extensions`` counts
        instead of nova.conf's
    :returns: a function that puts the filter before an application, or that
        returns the application itself where no extension is enabled
    :raises LockStatusException: when the plugin cannot work, and
        ``[lockstatus]on_incompatible`` does not say to start without it
    """
    conf = cfg.CONF
    lockstatus_conf.register_opts(conf)
    try:
        pipeline = _make_pipeline(conf, local_conf)
    except exception.LockStatusException as error:
        if conf.lockstatus.on_incompatible == 'disable':
            LOG.error('nova-lockstatus is off, this is stock Nova: %s', error)
            return _stock
        LOG.error('nova-lockstatus stops the start of nova-api: %s', error)
        raise
    if pipeline is None:
        return _stock
    LOG.info('nova-lockstatus serves %s', ', '.join(pipeline.extensions))

    def lockstatus_filter(application: WSGIApplication) -> WSGIApplication:
        return LockStatusFilter(application, pipeline)

    return lockstatus_filter


def _stock(application: WSGIApplication) -> WSGIApplication:
    return application


def _make_pipeline(conf: cfg.ConfigOpts, local_conf: Mapping[str, str]
                   ) -> pipelines.Pipeline | None:
    extensions = loader.load_extensions(aliases(conf, local_conf))
    if not extensions:
        return None
    # The hooks import Nova, which only nova-api is sure to have.
    try:
        from nova_lockstatus.api import hooks
        from nova_lockstatus.events.notifications.objects import (
            service_publisher,
        )
        from nova_lockstatus.events.publisher import shared_publisher
        from nova_lockstatus.gateway import compute_service
        from nova_lockstatus.gateway.host_status_reader import HostStatusReader
    except (ImportError, AttributeError) as error:
        raise exception.HookMismatch(
            target='a module or a name in it',
            problem='is not there (%s)' % error) from error
    hooks.install(extensions)
    if conf.lockstatus.speedups:
        hooks.install_speedups()
    service_is_up = compute_service.service_is_up()
    publisher = None
    if any(extension.reads_host_status for extension in extensions):
        publisher = shared_publisher(conf, service_publisher.API,
                                     HostStatusReader(service_is_up))
    pipeline = pipelines.Pipeline(extensions, service_is_up, publisher,
                                  conf.lockstatus.speedups)
    if any(isinstance(extension, server_locks.ServerLocks)
           for extension in extensions):
        pipeline.scope_locks = scope_locks.open_scope_locks(conf)
    pipeline.routes = hooks.api_routes.make_mapper(extensions)
    return pipeline


def aliases(conf: cfg.ConfigOpts, local_conf: Mapping[str, str]) -> list[str]:
    """Tell which extensions are enabled.

    :raises InvalidPasteOption: when the section has another option
    """
    for option in local_conf:
        if option not in PASTE_OPTIONS:
            raise exception.InvalidPasteOption(
                option=option, known=', '.join(PASTE_OPTIONS))
    names: list[str] = conf.lockstatus.enabled_extensions
    if 'enabled_extensions' in local_conf:
        names = types.List()(local_conf['enabled_extensions'])
    return names
