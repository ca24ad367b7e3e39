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

FACTORY_OPTIONS = ('use', 'paste.composite_factory', 'paste.composit_factory')

# NOTE: the words that paste.deploy takes for a section. Of one line only the
# first word counts that is there, and more than one section is an error.
_PREFIXES = {
    'app': (('app', 'application'), ('composite', 'composit'), ('pipeline',),
            ('filter-app',)),
    'filter': (('filter',),),
}

_FACTORIES = {
    'app': ('paste.app_factory', *FACTORY_OPTIONS[1:]),
    'filter': ('paste.filter_factory', 'paste.filter_app_factory'),
}


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

    @property
    def place(self) -> str:
        """How a message names it."""
        return '"%s" in [%s]' % (self.option, self.section)


class PasteConfig:
    """The sections, filters and pipelines of an api-paste.ini.

    A value that paste could not interpolate is read as it stands here: paste
    reads a section only when something uses it. :func:`options` is as strict
    as paste.

    :param text: the file's text, with its own line ends
    :param name: the name of the file in messages
    :raises PasteFileNotUnderstood: when paste could not read the text
    """

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self._parser = self._parse(text)
        self._scanned = ini_text.scan(text)
        self.filters = [own_name for own_name in self._names('filter')
                        if self.is_filter(own_name)]
        self.pipelines = list(self._pipelines())

    def not_understood(self, problem: str) -> exception.PasteFileNotUnderstood:
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
        except configparser.Error as error:
            raise self.not_understood(
                'paste could not read it: %s' % error) from error
        return parser

    def _names(self, prefix: str) -> list[str]:
        return list(dict.fromkeys(
            section.partition(':')[2].strip()
            for section in self._parser.sections()
            if section.startswith(prefix + ':')))

    def find(self, kind: str, name: str) -> list[str]:
        """Find the sections that paste may take for a name.

        :param kind: 'filter' or 'app'
        :returns: the sections; paste refuses none as well as several
        """
        found: list[str] = []
        for prefixes in _PREFIXES[kind]:
            for prefix in prefixes:
                sections = [
                    section for section in self._parser.sections()
                    if section.startswith(prefix + ':')
                    and section[len(prefix) + 1:].strip() == name]
                if sections:
                    found += sections
                    break
        return found

    def options(self, section: str) -> dict[str, str]:
        """Return the options of a section, as paste passes them on.

        :param section: a section that nova-api uses
        :raises configparser.Error: when paste could not read a value
        """
        defaults = self._parser.defaults()
        found = {}
        for option, value in self._parser.items(section):
            if option.startswith('get '):
                found[option[4:].strip()] = self._parser.get(
                    self._parser.default_section, value)
            # NOTE: paste takes these for global ones, wherever they stand.
            elif option not in defaults and not option.startswith('set '):
                found[option] = value
        return found

    def value(self, section: str, option: str) -> str:
        """Return the value of an option, as it stands if it is not readable.

        :returns: the value, '' without one
        """
        try:
            return self._parser.get(section, option, fallback='')
        except configparser.InterpolationError:
            return self._parser.get(section, option, raw=True)

    def names(self, section: str) -> list[str]:
        """Return the names of the options of a section itself."""
        return [option for option in self._parser.options(section)
                if option not in self._parser.defaults()]

    def sections(self) -> list[str]:
        """Return the headers of all sections but DEFAULT."""
        return self._parser.sections()

    def factory(self, kind: str, name: str,
                seen: tuple[str, ...] = ()) -> str:
        """Return what makes a filter or an application.

        :param kind: 'filter' or 'app'
        :param name: a word of a pipeline, or the value of an option "use"
        :param seen: the names that have led here
        :returns: the path of a function, or an egg, or '' if there is neither
        """
        if is_absolute(name):
            return name.removeprefix('call:').strip()
        found = self.find(kind, name)
        if len(found) != 1 or name in seen:
            return ''
        return self.factory_of(kind, found[0], (*seen, name))

    def factory_of(self, kind: str, section: str,
                   seen: tuple[str, ...] = ()) -> str:
        """Return what makes the filter or the application of a section."""
        use = self.value(section, 'use')
        if use:
            return self.factory(kind, use, seen)
        return next((self.value(section, option)
                     for option in _FACTORIES[kind]
                     if option in self.names(section)), '')

    def _pipelines(self) -> Iterator[Pipeline]:
        for section in self._parser.sections():
            kind = section.partition(':')[0]
            if kind == 'pipeline':
                options = ['pipeline']
            elif (kind in ('composite', 'composit') and self.factory_of(
                    'app', section) in PIPELINE_FACTORIES):
                options = [option for option in self.names(section)
                           if option not in FACTORY_OPTIONS
                           and not option.startswith(('get ', 'set '))]
            else:
                continue
            for option in options:
                names = self.value(section, option).split()
                if names:
                    yield Pipeline(
                        section, option, names,
                        self._scanned[section].options[option].words,
                        [name for name in names if self.is_filter(name)],
                        self.factory('app', names[-1]) == API_APP)


def is_absolute(name: str) -> bool:
    """Tell whether a name leads out of the file, as egg:, call: or config:."""
    return re.match('[a-zA-Z]+:', name) is not None


def _is_own(factory: str) -> bool:
    scheme, _, rest = factory.partition(':')
    if scheme != 'egg':
        return factory == _FILTER_FACTORY
    package, _, entry_point = rest.partition('#')
    return (re.sub('[-_.]+', '-', package).lower() == 'nova-lockstatus'
            and entry_point in ('', 'main'))
