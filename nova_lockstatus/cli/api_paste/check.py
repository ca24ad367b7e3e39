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

"""Checks that an api-paste.ini can be edited safely."""

from __future__ import annotations

from nova_lockstatus.cli.api_paste import reader as paste_reader

# The filters that the plugin's filter has to come after: they make the context
# of the request, and take the version out of it.
_EARLIER = {
    'nova.api.auth:InjectContext.factory',
    'nova.api.auth:NovaKeystoneContext.factory',
    'nova.api.openstack.auth:NoAuthMiddleware.factory',
    'nova.api.openstack.auth:NoAuthMiddlewareV2_18.factory',
    'nova.api.openstack:LegacyV2CompatibleWrapper.factory',
}

_FACTORY_OPTIONS = ('use', 'paste.composite_factory')


def check_pipelines(config: paste_reader.PasteConfig) -> None:
    """Check that each way to the compute API is a pipeline that is understood.

    :param config: the file
    :raises PasteFileNotUnderstood: when one is not
    """
    check_references(config)
    for (kind, name), section in config.sections.items():
        if kind == 'composite':
            _check_composite(config, name, section)
        elif kind in ('app', 'filter-app'):
            _check_application(config, kind, name, section)
    found = [item for item in config.pipelines if item.is_api]
    if not found:
        raise config.doubt(
            'no pipeline in it ends in an application with the factory %s; '
            'name the api-paste.ini of nova-api with --api-paste'
            % paste_reader.API_APP)
    for pipeline in found:
        _check_place(config, pipeline)


def check_references(config: paste_reader.PasteConfig) -> None:
    """Check that only pipelines name the plugin's filter.

    :param config: the file
    :raises PasteFileNotUnderstood: when another option names it
    """
    for section, options in config.others().items():
        for option, value in options.items():
            if (option not in ('filter-with', 'next', 'use')
                    and not section.startswith('composi')):
                continue
            if any(word in config.filters for word in value.split()):
                raise config.doubt(
                    '"%s" in [%s] names the filter of this plugin, and is no '
                    'pipeline; edit it by hand' % (option, section))


def check_written_out(config: paste_reader.PasteConfig) -> None:
    """Check that the text of each pipeline names the plugin's filter itself.

    :param config: the file
    :raises PasteFileNotUnderstood: when a name comes from %(...)s
    """
    for pipeline in config.pipelines:
        if pipeline.filters != [word.text for word in pipeline.words
                                if config.is_filter(word.text)]:
            raise config.doubt(
                'the value of "%s" in [%s] has the filter of this plugin from '
                '%%(...)s; edit it by hand' % pipeline.key[::-1])


def _check_composite(config: paste_reader.PasteConfig, name: str,
                     section: str) -> None:
    factory = config.factory('composite', name)
    for option, value in config.options(section):
        if option in _FACTORY_OPTIONS:
            continue
        words = value.split()
        if factory in paste_reader.PIPELINE_FACTORIES:
            _check_end(config, '"%s" in [%s]' % (option, section), words[-1])
        elif any(config.factory('app', word) == paste_reader.API_APP
                 for word in words):
            raise config.doubt(
                '"%s" in [%s] leads to the compute API, and its factory (%s) '
                'is none that makes a pipeline; edit it by hand'
                % (option, section, factory or 'it has none'))


def _check_end(config: paste_reader.PasteConfig, where: str, app: str) -> None:
    factory = config.factory('app', app)
    if factory == paste_reader.API_APP or any(
            (kind, app) in config.sections
            for kind in ('composite', 'filter-app', 'pipeline')):
        return
    raise config.doubt('%s ends in %s, which is not the compute API (%s); '
                       'edit it by hand' % (where, app, factory or (
                           'no section says what it is')))


def _check_application(config: paste_reader.PasteConfig, kind: str, name: str,
                       section: str) -> None:
    options = dict(config.options(section))
    if kind == 'filter-app':
        app = options.get('next', '').strip()
    elif 'filter-with' in options:
        app = name
    else:
        return
    if config.factory('app', app) == paste_reader.API_APP:
        raise config.doubt('[%s] puts a filter directly before the compute '
                           'API; edit it by hand' % section)


def _check_place(config: paste_reader.PasteConfig,
                 pipeline: paste_reader.Pipeline) -> None:
    where = '"%s" in [%s]' % pipeline.key[::-1]
    if pipeline.words[-1].text != pipeline.names[-1]:
        raise config.doubt('the value of %s ends in %%(...)s; edit it by hand'
                           % where)
    if len(pipeline.filters) > 1:
        raise config.doubt('%s has the filter of this plugin %d times; leave '
                           'one' % (where, len(pipeline.filters)))
    if not pipeline.filters:
        return
    own = pipeline.filters[0]
    for name in pipeline.names[pipeline.names.index(own) + 1:-1]:
        if config.factory('filter', name) in _EARLIER:
            raise config.doubt('%s has %s before %s; put it directly before %s'
                               % (where, own, name, pipeline.names[-1]))
