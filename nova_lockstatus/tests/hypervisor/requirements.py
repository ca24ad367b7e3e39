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

"""Says what the tests over a real hypervisor lack on this machine."""

import importlib.util
import os
import pathlib
import platform
import shutil
import subprocess
import sys

KERNEL = pathlib.Path(os.environ.get(
    'NOVA_LOCKSTATUS_TEST_KERNEL', os.path.join(sys.prefix, 'vmlinuz')))
"""A Linux for guests, with the driver of a serial port in it."""

PROGRAMS = ('libvirtd', 'virsh', 'qemu-system-x86_64', 'qemu-img', 'busybox',
            'cpio', 'unshare')


def busybox():
    """Tell where the busybox is, which is there.

    :returns: its path
    """
    return pathlib.Path(shutil.which('busybox') or '')


def missing_programs():
    """Tell which programs are not there.

    :returns: a sentence, None where nothing is missing
    """
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        return 'Not installed: %s.' % ', '.join(missing)
    # The guest has nothing but this one file.
    if b'/ld-linux' in busybox().read_bytes():
        return 'The busybox is not a static one, as of busybox-static.'
    return None


def missing_kernel():
    """Tell where the kernel is looked for if it is not there.

    :returns: a sentence, None where nothing is missing
    """
    return None if KERNEL.is_file() else (
        'No kernel for the guest at %s, which the variable '
        'NOVA_LOCKSTATUS_TEST_KERNEL can change.' % KERNEL)


def missing_library():
    """Tell whether the library that Nova's driver uses is not there.

    :returns: a sentence, None where nothing is missing
    """
    if importlib.util.find_spec('libvirt') is None:
        return 'The package libvirt-python is not installed.'
    return None


def _missing_rights():
    if os.geteuid():
        return 'libvirtd and nova-compute have to run as root.'
    done = subprocess.run(['unshare', '--mount', 'true'], capture_output=True,
                          text=True)
    return 'No mounts of its own for libvirtd: %s' % (
        done.stderr.strip()) if done.returncode else None


def missing():
    """Tell why the tests cannot run here.

    :returns: a sentence, None where they can
    """
    if platform.machine() != 'x86_64':
        return 'The guest is one for x86_64.'
    checks = (missing_programs, missing_kernel, missing_library,
              _missing_rights)
    return next(filter(None, (check() for check in checks)), None)
