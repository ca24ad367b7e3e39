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

"""The programs that pip installs, each a function without arguments.

They are installed wherever the package is, also beside an OpenStackClient.
Each imports its module only when it runs, so that it can say where it belongs
if what comes with Nova is not there.
"""

import importlib
import sys

from nova_lockstatus import exception


def lockstatus() -> int:
    """Run ``nova-lockstatus``."""
    return _run('nova_lockstatus.cli.main', 1)


def status() -> int:
    """Run ``nova-lockstatus-status``."""
    return _run('nova_lockstatus.cli.status', 255)


def watch() -> int:
    """Run ``nova-lockstatus-watch``."""
    return _run('nova_lockstatus.cli.watch', 1)


def _run(module: str, not_usable: int) -> int:
    """Run a program.

    :param module: the module whose ``main`` it is
    :param not_usable: the exit code where a library is missing
    """
    try:
        program = importlib.import_module(module)
    except ModuleNotFoundError as error:
        sys.stderr.write('%s\n' % exception.NovaNotUsable(reason=error))
        return not_usable
    return int(program.main())
