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

"""Puts the filter into the text of an api-paste.ini, and takes it out again.

Only the names of the filter and its section are added or removed; all else
stays byte for byte. What the text means is decided by the rules of paste and
of Nova, and a text that leaves a doubt is refused.
"""

from __future__ import annotations

from nova_lockstatus.cli.api_paste import check as paste_check
from nova_lockstatus.cli.api_paste import ini_text
from nova_lockstatus.cli.api_paste import reader as paste_reader

FILTER = 'lockstatus'

#: The section, as it is added and as it is removed.
SECTION = ('[filter:%s]' % FILTER, 'use = egg:nova-lockstatus')


def enable(text: str, name: str = 'api-paste.ini') -> str:
    """Put the filter into each pipeline of the compute API that lacks it.

    A pipeline that nova-api does not load is left as it is.

    It goes directly before Nova's router. So it is behind what makes the
    request's context and behind ``legacy_v2_compatible``, wherever these are;
    and what the operator has added for all of nova-api (audit, rate limit,
    tracing) sees the request first and the whole answer last.

    :param text: the file's text, with its own line ends
    :param name: the name of the file in messages
    :returns: the text to write; the same text where nothing changes
    :raises PasteFileNotUnderstood: when a pipeline cannot be read, or where
        the filter belongs cannot be told
    """
    config = paste_reader.PasteConfig(text, name)
    lacking = [pipeline for pipeline in paste_check.check_pipelines(config)
               if not pipeline.filters]
    if not lacking:
        return text
    wanted = _name_to_use(config)
    edited = text
    # From the end, so that what is known of the rest stays true.
    for pipeline in sorted(lacking, key=lambda item: item.words[-1].start,
                           reverse=True):
        edited = ini_text.insert_before(edited, pipeline.words[-1], wanted)
    if not config.filters:
        edited = ini_text.append_lines(edited, SECTION)
    expected = {pipeline.key: pipeline.names for pipeline in config.pipelines}
    for pipeline in lacking:
        expected[pipeline.key] = [*pipeline.names[:-1], wanted,
                                  pipeline.names[-1]]
    _check_edit(config, edited, expected)
    return edited


def disable(text: str, name: str = 'api-paste.ini') -> str:
    """Take the filter out of each pipeline, and its section.

    A section that says more than the one that :func:`enable` adds stays, as
    does one of another name: it does nothing when no pipeline names it.

    :param text: the file's text, with its own line ends
    :param name: the name of the file in messages
    :returns: the text to write; the same text where nothing changes
    :raises PasteFileNotUnderstood: when the file cannot be read, or the filter
        is named in a way that is not a pipeline's
    """
    config = paste_reader.PasteConfig(text, name)
    paste_check.check_removal(config)
    edited = text
    for pipeline in config.pipelines:
        for _ in pipeline.filters:
            now = ini_text.scan(edited)[pipeline.section].options
            edited = ini_text.remove_word(edited, next(
                word for word in now[pipeline.option].words
                if config.is_filter(word.text)))
    section = ini_text.scan(edited).get(SECTION[0][1:-1])
    if section is not None and section.options:
        end = max(option.end for option in section.options.values())
        if tuple(edited[section.start:end].splitlines()) == SECTION:
            edited = ini_text.cut_lines(edited, section.start, end)
    _check_edit(config, edited, {
        pipeline.key: [name for name in pipeline.names
                       if not config.is_filter(name)]
        for pipeline in config.pipelines})
    return edited


def remaining(text: str) -> list[str]:
    """Return the names of the sections of the filter."""
    return ['filter:' + name for name in
            paste_reader.PasteConfig(text, 'api-paste.ini').filters]


def _name_to_use(config: paste_reader.PasteConfig) -> str:
    if len(config.filters) > 1:
        raise config.not_understood(
            'it has %d filters of this plugin (%s), and which one a pipeline '
            'should have cannot be told; put one into each pipeline by hand'
            % (len(config.filters), ', '.join(config.filters)))
    if config.filters:
        return config.filters[0]
    if config.find('filter', FILTER):
        raise config.not_understood(
            'its section [filter:%s] is something else; rename that filter'
            % FILTER)
    return FILTER


def _check_edit(config: paste_reader.PasteConfig, edited: str,
                expected: dict[tuple[str, str], list[str]]) -> None:
    """Check that an edit changed what it should, and nothing else.

    :param config: the file before the edit
    :param edited: the text after it
    :param expected: the names that each pipeline should have, by its key
    :raises PasteFileNotUnderstood: when the text does not read as intended
    """
    after = paste_reader.PasteConfig(edited, config.name)
    found = {pipeline.key: pipeline.names for pipeline in after.pipelines}
    if found != expected or after.others() != config.others():
        raise config.not_understood(
            'the edited file would not be read as intended; edit it by hand')
