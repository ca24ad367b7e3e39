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


"""Writes values into the cells of tables."""

import datetime
import unicodedata
from typing import Any

from django.utils import html
from django.utils import timesince
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from horizon.utils import filters

from nova_lockstatus.utils import terminal

HOST_STATUS_CLASSES = {
    'UP': 'success', 'UNKNOWN': 'warning', 'DOWN': 'danger',
    'MAINTENANCE': 'info'}
"""The contextual class of Bootstrap for each host status."""

HOLDERS = {'owner': _('Project'), 'admin': _('Administrator')}
"""Names for people of who can hold a lock."""


def text_from_outside(text: str | None) -> Any:
    """Write a text that a user wrote.

    Its direction does not spread to what stands around it, and control
    characters are written as escapes.
    """
    if not text:
        return ''
    return html.format_html(
        '<bdi style="{}">{}</bdi>',
        # Words are only broken that do not fit.
        'display: inline-block; min-width: 10em; white-space: pre-line; '
        'overflow-wrap: anywhere',
        ''.join(_visible(character) for character in text))


def _visible(character: str) -> str:
    if character != '\n' and unicodedata.category(character) == 'Cc':
        return terminal.escape(character)
    return character


def age(moment: str | None) -> Any:
    """Write how long ago a time is, with the time itself as a tooltip.

    :param moment: in UTC, as ``2026-11-21T12:00:00Z``
    """
    time = filters.parse_isotime(moment) if moment else None
    if not isinstance(time, datetime.datetime):
        return ''
    # NOTE: Horizon sorts by data-seconds a column with the data-type
    # timesince.
    return html.format_html(
        '<time datetime="{}" title="{}" data-seconds="{}">{}</time>',
        moment, timezone.localtime(time).strftime('%Y-%m-%d %H:%M:%S %Z'),
        int((timezone.now() - time).total_seconds()),
        timesince.timesince(time))


def locked(value: bool | None) -> Any:
    """Write whether a server is locked, as a word with a padlock."""
    if value is None:
        return _('Unknown')
    return html.format_html(
        '<span class="fa fa-{}" aria-hidden="true"></span> {}',
        'lock' if value else 'unlock', _('Yes') if value else _('No'))


def holder(locked_by: str | None) -> Any:
    """Write who holds a lock."""
    return HOLDERS.get(locked_by or '', locked_by or '')


def host_status(status: str | None) -> Any:
    """Write a host status as a label in its colour."""
    if not status:
        return ''
    return html.format_html(
        '<span class="label label-{}">{}</span>',
        HOST_STATUS_CLASSES.get(status, 'default'), status)


def yes_no(value: bool | None) -> Any:
    """Write a boolean as a word."""
    if value is None:
        return _('Unknown')
    return _('Yes') if value else _('No')
