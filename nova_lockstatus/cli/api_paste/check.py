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

from collections.abc import Container

from nova_lockstatus import exception
from nova_lockstatus.cli.api_paste import reach
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

_NESTED = ('composi', 'filter-app', 'pipeline')


def check_pipelines(
    config: paste_reader.PasteConfig,
    strategies: tuple[str, ...] = reach.STRATEGIES,
) -> list[paste_reader.Pipeline]:
    """Check that each way to the compute API is a pipeline that is understood.

    What nova-api does not load is not looked at.

    :param strategies: the values that [api]auth_strategy may have
    :returns: the pipelines that end in the compute API; those for another
        auth_strategy are among them where several values are given, and they
        can be edited
    :raises PasteFileNotUnderstood: when one is not understood, or paste could
        not load it
    """
    reached = reach.follow(config, strategies)
    for problem in reached.problems:
        raise config.not_understood(problem)
    _check_references(config, reached.sections)
    pipelines = {pipeline.key: pipeline for pipeline in config.pipelines}
    for section in reached.sections:
        _check_application(config, section)
        _check_composite(config, section)
    for key in reached.pipelines:
        _check_end(config, pipelines[key])
    found = [pipelines[key] for key in reached.pipelines
             if pipelines[key].is_api]
    if not found:
        raise config.not_understood(
            'no pipeline in it ends in an application with the factory %s; '
            'name the api-paste.ini of nova-api with --api-paste'
            % paste_reader.API_APP)
    for pipeline in found:
        _check_place(config, pipeline)
    if len(strategies) > 1:
        found += [pipelines[key] for key in reached.others
                  if _is_editable(config, pipelines[key])]
    return found


def check_removal(config: paste_reader.PasteConfig) -> None:
    """Check that the plugin's filter can be taken out of a file.

    :raises PasteFileNotUnderstood: when an option that is no pipeline names
        it, a name comes from %(...)s, or nova-api takes a part from another
        file
    """
    for problem in reach.follow(config).files:
        raise config.not_understood(problem)
    _check_references(config, config.sections())
    for pipeline in config.pipelines:
        if pipeline.filters != [word.text for word in pipeline.words
                                if config.is_filter(word.text)]:
            raise config.not_understood(
                'the value of %s has the filter of this plugin from %%(...)s; '
                'edit it by hand' % pipeline.place)


def _check_references(config: paste_reader.PasteConfig,
                      sections: Container[str]) -> None:
    """Check that only pipelines name the plugin's filter."""
    for section, options in config.others().items():
        if section not in sections:
            continue
        for option in config.names(section):
            value = options.get(option, '')
            if (option not in ('filter-with', 'next', 'use')
                    and not section.startswith('composi')):
                continue
            if any(word in config.filters for word in value.split()):
                raise config.not_understood(
                    '"%s" in [%s] names the filter of this plugin, and is no '
                    'pipeline; edit it by hand' % (option, section))


def _check_composite(config: paste_reader.PasteConfig, section: str) -> None:
    if not section.startswith('composi'):
        return
    factory = config.factory_of('app', section)
    if factory in paste_reader.PIPELINE_FACTORIES:
        return
    for option, value in config.options(section).items():
        if option not in paste_reader.FACTORY_OPTIONS and any(
                config.factory('app', word) == paste_reader.API_APP
                for word in value.split()):
            raise config.not_understood(
                '"%s" in [%s] leads to the compute API, and its factory (%s) '
                'is none that makes a pipeline; edit it by hand'
                % (option, section, factory))


def _check_end(config: paste_reader.PasteConfig,
               pipeline: paste_reader.Pipeline) -> None:
    if pipeline.is_api or not pipeline.section.startswith('composi'):
        return
    app = pipeline.names[-1]
    if any(section.startswith(_NESTED) for section in config.find('app', app)):
        return
    raise config.not_understood(
        '%s ends in %s, which is not the compute API (%s); edit it by hand'
        % (pipeline.place, app, config.factory('app', app)))


def _check_application(config: paste_reader.PasteConfig, section: str) -> None:
    options = config.options(section)
    if section.startswith('filter-app:'):
        factory = config.factory('app', options['next'])
    elif (section.startswith(('app:', 'application:'))
          and 'filter-with' in options):
        factory = config.factory_of('app', section)
    else:
        return
    if factory == paste_reader.API_APP:
        raise config.not_understood(
            '[%s] puts a filter directly before the compute API; edit it by '
            'hand' % section)


def _is_editable(config: paste_reader.PasteConfig,
                 pipeline: paste_reader.Pipeline) -> bool:
    try:
        _check_place(config, pipeline)
    except exception.PasteFileNotUnderstood:
        return False
    return pipeline.is_api


def _check_place(config: paste_reader.PasteConfig,
                 pipeline: paste_reader.Pipeline) -> None:
    where = pipeline.place
    if pipeline.words[-1].text != pipeline.names[-1]:
        raise config.not_understood(
            'the value of %s ends in %%(...)s; edit it by hand' % where)
    if len(pipeline.filters) > 1:
        raise config.not_understood(
            '%s has the filter of this plugin %d times; leave one'
            % (where, len(pipeline.filters)))
    if not pipeline.filters:
        return
    own = pipeline.filters[0]
    for name in pipeline.names[pipeline.names.index(own) + 1:-1]:
        if config.factory('filter', name) in _EARLIER:
            raise config.not_understood(
                '%s has %s before %s; put it directly before %s'
                % (where, own, name, pipeline.names[-1]))
