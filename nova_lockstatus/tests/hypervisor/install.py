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

"""Installs what the tests over a real hypervisor need, where it may.

``tox -e hypervisor`` runs it first. What it cannot install is left, and the
tests are skipped then and say what is missing.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from nova_lockstatus.tests.hypervisor import requirements

PACKAGES = (
    'libvirt-daemon', 'libvirt-daemon-driver-qemu', 'libvirt-clients',
    'qemu-system-x86', 'qemu-utils', 'busybox-static', 'cpio', 'util-linux',
    # To build libvirt-python.
    'libvirt-dev', 'pkg-config', 'gcc', 'libc6-dev')

_KERNELS = 'linux-image-cloud-amd64'


def _run(*command, **options):
    print('+', *command, flush=True)
    return subprocess.run(command, check=True, **options)


def _install_packages():
    environ = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    _run('apt-get', '-q', 'update')
    _run('apt-get', '-q', '--yes', 'install', '--no-install-recommends',
         *PACKAGES, env=environ)


def _fetch_kernel():
    """Take Debian's kernel for guests out of its package."""
    depends = _run('apt-cache', 'depends', '--important', _KERNELS,
                   capture_output=True, text=True).stdout
    package = next(word for word in depends.split()
                   if word.startswith('linux-image-') and word != _KERNELS)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        _run('apt-get', '-q', 'download', package, cwd=folder)
        archive, = pathlib.Path(folder).glob('*.deb')
        _run('dpkg-deb', '--extract', archive, folder + '/content')
        kernel, = pathlib.Path(folder, 'content', 'boot').glob('vmlinuz-*')
        shutil.copy(kernel, requirements.KERNEL)


def _install_library():
    # It is built from source, against the headers of the packages.
    _install_packages()
    _run(sys.executable, '-m', 'pip', 'install', 'libvirt-python')


def main():
    """Install what is missing."""
    steps = (
        (requirements.missing_programs, _install_packages),
        (requirements.missing_kernel, _fetch_kernel),
        (requirements.missing_library, _install_library))
    for missing, install in steps:
        problem = missing()
        if not problem:
            continue
        print(problem)
        if os.geteuid() or not shutil.which('apt-get'):
            print('It is installed for root only, and with apt-get.')
            return
        try:
            install()
        except (OSError, subprocess.CalledProcessError) as error:
            print('It is not installed:', error)
            return


if __name__ == '__main__':
    main()
