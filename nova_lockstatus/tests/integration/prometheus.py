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

"""Prometheus' programs, which the tests of alerts and pictures run.

``tox -e integration`` runs this module first. It takes the programs out of
Debian's package, without installing it: no service is started. Where it
cannot, the tests are skipped, and say so.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAMS = ('prometheus', 'promtool')

BIN = pathlib.Path(sys.prefix, 'bin')


def find(name):
    """Return the path of a program, None where it is not there."""
    return shutil.which(name, path=os.pathsep.join(
        (str(BIN), os.environ.get('PATH', os.defpath))))


def missing():
    """Tell which programs are not there.

    :returns: a sentence, None where nothing is missing
    """
    names = [name for name in PROGRAMS if not find(name)]
    return 'Not installed: %s, of the Debian package prometheus.' % (
        ', '.join(names)) if names else None


def promtool(*arguments, cwd=None):
    """Run promtool.

    :returns: the exit code, and what it wrote
    """
    done = subprocess.run([find('promtool'), *arguments], cwd=cwd, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def _run(*command, **options):
    print('+', *command, flush=True)
    subprocess.run(command, check=True, **options)


def _take_programs():
    if not os.geteuid():
        _run('apt-get', '-q', 'update')
    with tempfile.TemporaryDirectory() as folder:
        # apt-get downloads as a user of its own.
        os.chmod(folder, 0o755)
        _run('apt-get', '-q', 'download', 'prometheus', cwd=folder)
        archive, = pathlib.Path(folder).glob('*.deb')
        content = pathlib.Path(folder, 'content')
        _run('dpkg-deb', '--extract', archive, content)
        for name in PROGRAMS:
            shutil.copy(content / 'usr' / 'bin' / name, BIN)


def main():
    """Take the programs that are missing out of Debian's package."""
    problem = missing()
    if not problem:
        return
    print(problem)
    try:
        _take_programs()
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print('They are not installed:', error)


if __name__ == '__main__':
    main()
