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

"""Runs the programs of this package as console scripts of an installation.

They import Nova, which takes longer than what they do. Here it is imported
once for all that a process of tests runs; other tests start them by their
files.
"""

import functools

from nova_lockstatus.tests import forks

LOAD = """
from nova_lockstatus.cli import main
from nova_lockstatus.cli import nova_config
from nova_lockstatus.cli import status
nova_config.register()
from nova_lockstatus.api import hooks
from nova_lockstatus.core import locked_server
from nova_lockstatus.db import watch_process
from nova_lockstatus.gateway import locked_servers
"""


@functools.cache
def _worker():
    # It ends with the process that has it.
    worker = forks.Forks('nova-lockstatus', LOAD)
    worker.setUp()
    return worker


def run(program, *arguments, env=None):
    """Run a program.

    :param program: its name
    :param arguments: what follows the name
    :param env: variables that it has besides those of this process
    :returns: how it ended, and what it printed
    """
    return _worker().run(program=program, env=env or {},
                         argv=[str(argument) for argument in arguments])
