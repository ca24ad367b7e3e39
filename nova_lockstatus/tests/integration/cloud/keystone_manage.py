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

"""Makes Keystone's database and keys, and what must be in it.

It is keystone-manage, several times in one process: most of the time that it
takes it imports Keystone.
"""

import os
import sys

from keystone import conf
from keystone.cmd import cli


def main(config, url, region):
    """Make them.

    :param config: the path of the keystone.conf
    :param url: where Keystone will be
    :param region: the name of the region
    """
    us = ('--keystone-user', str(os.getuid()),
          '--keystone-group', str(os.getgid()))
    for command in (
            ('db_sync',), ('fernet_setup', *us), ('credential_setup', *us),
            ('bootstrap', '--bootstrap-region-id', region,
             '--bootstrap-public-url', url, '--bootstrap-internal-url', url)):
        # NOTE: it registers its command line each time.
        conf.CONF.clear()
        cli.main(['keystone-manage', '--config-file', config, *command])


if __name__ == '__main__':
    main(*sys.argv[1:])
