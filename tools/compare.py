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

"""Compare a generated file in the repository with a new one."""

import difflib
import pathlib
import sys


def main(committed: str, generated: str, environment: str) -> int:
    """Print how two files differ.

    :param committed: the file in the repository
    :param generated: the file as it is generated now
    :param environment: the tox environment that writes the file anew
    :returns: the exit code, 1 where they differ
    """
    old = pathlib.Path(committed).read_text().splitlines(keepends=True)
    new = pathlib.Path(generated).read_text().splitlines(keepends=True)
    difference = list(difflib.unified_diff(old, new, committed, 'generated'))
    if not difference:
        print('%s is up to date' % committed)
        return 0
    sys.stdout.writelines(difference)
    print('%s is out of date: run "tox -e %s"' % (committed, environment))
    return 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
