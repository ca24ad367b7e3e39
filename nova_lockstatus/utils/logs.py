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

"""Makes the loggers of the project, which escape what comes from outside.

Names of hosts and cells, and the texts of exceptions, come from databases,
brokers and receivers: none may bring a line end or an escape sequence into a
log.
"""

import logging
import numbers
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nova_lockstatus import exception
from nova_lockstatus.utils import terminal

LONGEST_VALUE = 1000
"""How many characters of a value are logged."""

LONGEST_ERROR = 4000
"""How many characters of each exception of a traceback are logged."""

if TYPE_CHECKING:
    Adapter = logging.LoggerAdapter[logging.Logger]
else:
    # NOTE: it is generic from Python 3.11 on.
    Adapter = logging.LoggerAdapter


def logger(name: str) -> 'EscapingLogger':
    """Make the logger of a module."""
    return EscapingLogger(logging.getLogger(name), {})


class EscapingLogger(Adapter):
    """Escapes and shortens the values of each line, and its traceback."""

    def log(self, level: int, msg: object, *args: Any, **kwargs: Any
            ) -> None:
        """Log a line, if the level is enabled."""
        if not self.isEnabledFor(level):
            return
        if len(args) == 1 and isinstance(args[0], Mapping):
            args = ({key: _escape(value) for key, value in args[0].items()},)
        else:
            args = tuple(map(_escape, args))
        error = kwargs.get('exc_info')
        if error:
            kwargs['exc_info'] = _escape_traceback(error)
        # The line is the caller's, not this one. NOTE: before Python 3.11, the
        # adapter's own frame would count, were this its method.
        kwargs['stacklevel'] = kwargs.get('stacklevel', 1) + 1
        self.logger.log(level, msg, *args, **kwargs)


def _escape(value: Any) -> Any:
    if value is None or isinstance(value, numbers.Number):
        return value
    is_foreign = (isinstance(value, BaseException)
                  and not isinstance(value, exception.LockStatusException))
    return _text(value, terminal.MAX_LENGTH if is_foreign else LONGEST_VALUE)


def _text(value: object, longest: int) -> str:
    try:
        return terminal.one_line(value, longest)
    except Exception:
        # What only wants to log must not fail for that.
        return '<%s, which has no text>' % type(value).__name__


def _escape_traceback(given: Any) -> Any:
    """Escape what a line is logged with as its ``exc_info``."""
    if isinstance(given, BaseException):
        error = given
    else:
        error = (given if isinstance(given, tuple) else sys.exc_info())[1]
    if error is None:
        return None
    copy = _copy(error, {})
    return type(copy), copy, error.__traceback__


def _copy(error: BaseException, copies: dict[int, BaseException]
          ) -> BaseException:
    """Copy an exception and those that it came from, with escaped texts."""
    if id(error) in copies:
        return copies[id(error)]
    text = _text(error, LONGEST_ERROR)
    kind = type(error)
    copy: BaseException = type(kind.__name__, (Exception,), {
        '__module__': kind.__module__, '__qualname__': kind.__qualname__,
        '__str__': lambda self: text})().with_traceback(error.__traceback__)
    copies[id(error)] = copy
    if error.__cause__ is not None:
        copy.__cause__ = _copy(error.__cause__, copies)
    if error.__context__ is not None:
        copy.__context__ = _copy(error.__context__, copies)
    copy.__suppress_context__ = error.__suppress_context__
    return copy
