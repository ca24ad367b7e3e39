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

"""Work that goes on when a call is answered, where no thread can do it."""

import sys
from collections.abc import Callable, Iterable, Iterator


def green_threads_are_blocked() -> bool:
    """Tell whether green threads stand still once the call is answered."""
    # NOTE: Nova runs under eventlet up to release 32, unless it is told not
    # to. Under its own server a call has a green thread, and so have others.
    # Under uWSGI and mod_wsgi a call has the thread itself, which waits for
    # the next one where no green thread gets its turn.
    patcher = sys.modules.get('eventlet.patcher')
    greenlet = sys.modules.get('greenlet')
    if patcher is None or greenlet is None:
        return False
    return (patcher.is_monkey_patched('thread')
            and greenlet.getcurrent().parent is None)


class ClosingIterator:
    """Yields a response, and calls a function when the client has it."""

    def __init__(self, body: Iterable[bytes],
                 function: Callable[[], object]) -> None:
        self._body = body
        self._function = function

    def __iter__(self) -> Iterator[bytes]:
        """Return the parts of the answer."""
        return iter(self._body)

    def close(self) -> None:
        """Call the function; a WSGI server calls this at the end."""
        try:
            close = getattr(self._body, 'close', None)
            if close is not None:
                close()
        finally:
            self._function()
