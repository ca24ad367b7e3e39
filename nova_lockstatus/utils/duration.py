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

"""Ages and times, as commands take them and logs and tables show them."""

import argparse
import datetime
import re

_UNITS = {'m': 'minutes', 'h': 'hours', 'd': 'days', 'w': 'weeks'}


def parse(text: str) -> datetime.timedelta:
    """Read the value of ``--older-than``.

    :param text: a number and a unit, such as ``30d``
    :raises argparse.ArgumentTypeError: when it is something else
    """
    found = re.fullmatch('([0-9]{1,6})([mhdw])', text)
    if not found:
        raise argparse.ArgumentTypeError(
            "'%s' is no age: give a number and m, h, d or w, as in 30d" % text)
    return datetime.timedelta(**{_UNITS[found[2]]: int(found[1])})


def parse_since(text: str) -> datetime.datetime:
    """Read the value of ``--since``.

    :param text: an age such as ``2h``, or a time such as
        ``2026-11-30T08:00:00``, which is in UTC unless it says otherwise
    :returns: the time, in UTC without a time zone
    :raises argparse.ArgumentTypeError: when it is something else
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        # NOTE: Python 3.10 does not read a Z.
        moment = datetime.datetime.fromisoformat(re.sub('Z$', '+00:00', text))
    except ValueError:
        try:
            moment = now - parse(text)
        except (argparse.ArgumentTypeError, OverflowError) as error:
            raise argparse.ArgumentTypeError(
                "'%s' is neither an age, as 2h, nor a time, as "
                '2026-11-30T08:00:00' % text) from error
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)


def parse_end(text: str) -> datetime.datetime:
    """Read the value of ``--until``.

    :param text: a time such as ``2026-12-24T08:00:00``, which is in UTC unless
        it says otherwise
    :returns: the time, in UTC without a time zone
    :raises argparse.ArgumentTypeError: when it is something else, or past
    """
    try:
        # NOTE: Python 3.10 does not read a Z.
        moment = datetime.datetime.fromisoformat(re.sub('Z$', '+00:00', text))
        if moment.tzinfo is not None:
            moment = moment.astimezone(datetime.timezone.utc).replace(
                tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            "'%s' is no time, as 2026-12-24T08:00:00 is one" % text
        ) from error
    if moment <= _now():
        raise argparse.ArgumentTypeError("'%s' is in the past" % text)
    return moment


def parse_length(text: str) -> datetime.datetime:
    """Read the value of ``--for``.

    :param text: a number and a unit, such as ``2d``
    :returns: the time in so long, in UTC without a time zone
    :raises argparse.ArgumentTypeError: when it is something else
    """
    try:
        length = parse(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(
            "'%s' is no length of time: give a number and m, h, d or w, as in "
            '2d' % text) from error
    if not length:
        raise argparse.ArgumentTypeError("'%s' is no time at all" % text)
    try:
        return _now() + length
    except OverflowError as error:
        raise argparse.ArgumentTypeError(
            "'%s' is too long" % text) from error


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def is_past(moment: str | None, now: datetime.datetime) -> bool:
    """Tell whether a time has come. An unknown time has not.

    :param moment: in UTC, as :func:`normalise` returns it
    """
    return is_older(moment, datetime.timedelta(), now)


def is_older(
    moment: str | None, age: datetime.timedelta, now: datetime.datetime,
) -> bool:
    """Tell whether a time is at least an age ago. An unknown time is not.

    :param moment: in UTC, as :func:`normalise` returns it
    """
    if moment is None:
        return False
    return now - _read(moment) >= age


def in_words(moment: str, now: datetime.datetime) -> str:
    """Write for people how long ago a time is, such as ``3 days``.

    :param moment: in UTC, as :func:`normalise` returns it
    """
    minutes = int((now - _read(moment)).total_seconds() // 60)
    if minutes < 1:
        return 'under a minute'
    for units, length in (('days', 1440), ('hours', 60)):
        # 47 hours say more than 1 day.
        if minutes >= 2 * length:
            return '%d %s' % (minutes // length, units)
    return '1 minute' if minutes == 1 else '%d minutes' % minutes


def _read(moment: str) -> datetime.datetime:
    return datetime.datetime.strptime(moment, '%Y-%m-%dT%H:%M:%SZ').replace(
        tzinfo=datetime.timezone.utc)


def in_seconds(seconds: float) -> str:
    """Write a number of seconds for a log, such as ``0.5 s`` or ``31 s``."""
    return '%s s' % ('%.2g' % seconds if seconds < 9.5 else round(seconds))


def normalise(moment: str | None) -> str | None:
    """Format a time of the compute API as the command line shows it.

    :param moment: such as ``2026-11-21T12:00:00.000000``
    :returns: such as ``2026-11-21T12:00:00Z``
    """
    return moment[:19] + 'Z' if moment else None
