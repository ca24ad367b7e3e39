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

"""Reads an api-paste.ini as paste and Nova do."""

from __future__ import annotations

import configparser
import dataclasses
import io
import re
from collections.abc import Iterator

from nova_lockstatus import exception
from nova_lockstatus.cli.api_paste import ini_text

API_APP = 'nova.api.openstack.compute:APIRouterV21.factory'

_FILTER_FACTORY = 'nova_lockstatus.filter:filter_factory'

# NOTE: each of their options is a pipeline. Up to Nova 31 the option
# [api]auth_strategy chooses one of them, from 32 on it is "keystone".
PIPELINE_FACTORIES = ('nova.api.auth:pipeline_factory',
                      'nova.api.auth:pipeline_factory_v21')

# NOTE: paste takes either word for a section.
_KINDS = {'application': 'app', 'composit': 'composite'}


@dataclasses.dataclass
class Pipeline:
    """One list of filters with an application at its end."""

    section: str
    option: str
    names: list[str]
    """As paste reads them."""
    words: list[ini_text.Word]
    """As they stand in the text."""
    filters: list[str]
    """The names that are the plugin's filter."""
    is_api: bool = False
    """Whether Nova's compute API is at the end."""

    @property
    def key(self) -> tuple[str, str]:
        return self.section, self.option


class PasteConfig:
    """The sections, filters and pipelines of an api-paste.ini.

    :param text: the file's text, with its own line ends
    :param name: the name of the file in messages
    :raises PasteFileNotUnderstood: when paste could not read the text, or it
        takes a part of its meaning from another file
    """

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self._parser = self._parse(text)
        self._scanned = ini_text.scan(text)
        self.sections = self._find_sections()
        self._refuse_other_files()
        self.filters = [own_name for kind, own_name in self.sections
                        if kind == 'filter' and self.is_filter(own_name)]
        self.pipelines = list(self._pipelines())

    def doubt(self, problem: str) -> exception.PasteFileNotUnderstood:
        """Make the exception that says why the file is left as it is."""
        return exception.PasteFileNotUnderstood(
            path=self.name, problem=' '.join(problem.split()))

    def is_filter(self, name: str) -> bool:
        """Tell whether a word of a pipeline names the plugin's filter."""
        return _is_own(self.factory('filter', name))

    def others(self) -> dict[str, dict[str, str]]:
        """Return all options but the pipelines and the plugin's sections."""
        pipelines = {pipeline.key for pipeline in self.pipelines}
        return {
            section: {
                option: value for option, value
                in self._parser.items(section, raw=True)
                if (section, option) not in pipelines}
            for section in self._parser
            if not (section.startswith('filter:')
                    and self.is_filter(section[7:].strip()))}

    def _parse(self, text: str) -> configparser.ConfigParser:
        # NOTE: as paste.deploy makes its parser.
        parser = configparser.ConfigParser(
            defaults={'here': '', '__file__': ''})
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            parser.read_file(io.StringIO(text, newline=None), self.name)
            for section in parser.sections():
                parser.items(section)
        except configparser.Error as error:
            raise self.doubt('paste could not read it: %s' % error) from error
        return parser

    def _find_sections(self) -> dict[tuple[str, str], str]:
        """Return the sections by the kind and name that paste looks for."""
        found: dict[tuple[str, str], str] = {}
        for section in self._parser.sections():
            kind, _, name = section.partition(':')
            key = _KINDS.get(kind, kind), name.strip()
            if key in found:
                raise self.doubt('it has two sections for one name, [%s] and '
                                 '[%s]; leave one' % (found[key], section))
            found[key] = section
        return found

    def options(self, section: str) -> Iterator[tuple[str, str]]:
        """Return the options of a section, as paste passes them on."""
        for option, value in self._parser.items(section):
            # NOTE: paste takes these for global ones, wherever they stand.
            if (option not in self._parser.defaults()
                    and not option.startswith('set ')):
                yield option, value

    def _refuse_other_files(self) -> None:
        for section in self._parser.sections():
            for option, value in self.options(section):
                if (option not in ('use', 'filter-with', 'next')
                        and not section.startswith(('compos', 'pipeline'))):
                    continue
                if any(word.startswith('config:') for word in value.split()):
                    raise self.doubt(
                        '"%s" in [%s] takes a part from another file (%s); '
                        'edit both by hand' % (option, section, value))

    def factory(self, kind: str, name: str,
                seen: tuple[str, ...] = ()) -> str:
        """Return what makes a filter or an application.

        :param kind: 'filter', 'app' or 'composite'
        :param name: a word of a pipeline, or the value of an option "use"
        :param seen: the names that have led here
        :returns: the path of a function, or an egg, or '' if there is neither
        """
        if re.match('[a-zA-Z]+:', name):
            return name.removeprefix('call:').strip()
        if name in seen:
            raise self.doubt('its section [%s:%s] uses itself' % (kind, name))
        section = self.sections.get((kind, name))
        if section is None:
            return ''
        options = dict(self.options(section))
        if 'use' in options:
            return self.factory(kind, options['use'], (*seen, name))
        return options.get('paste.%s_factory' % kind, '').strip()

    def _pipelines(self) -> Iterator[Pipeline]:
        for (kind, name), section in self.sections.items():
            if kind == 'pipeline':
                yield from self._pipelines_of(section, ['pipeline'])
            elif kind == 'composite' and self.factory(
                    kind, name) in PIPELINE_FACTORIES:
                yield from self._pipelines_of(section, [
                    option for option, _ in self.options(section)
                    if option not in ('use', 'paste.composite_factory')])

    def _pipelines_of(self, section: str, options: list[str]
                      ) -> Iterator[Pipeline]:
        values = dict(self.options(section))
        for option in options:
            names = values.get(option, '').split()
            if not names:
                raise self.doubt('[%s] has no "%s" that names an application'
                                 % (section, option))
            if option.startswith('get '):
                raise self.doubt(
                    '"%s" in [%s] takes a pipeline from [DEFAULT]; edit it by '
                    'hand' % (option, section))
            yield Pipeline(
                section, option, names,
                self._scanned[section].options[option].words,
                [name for name in names if self.is_filter(name)],
                self.factory('app', names[-1]) == API_APP)


def _is_own(factory: str) -> bool:
    scheme, _, rest = factory.partition(':')
    if scheme != 'egg':
        return factory == _FILTER_FACTORY
    package, _, entry_point = rest.partition('#')
    return (re.sub('[-_.]+', '-', package).lower() == 'nova-lockstatus'
            and entry_point in ('', 'main'))
