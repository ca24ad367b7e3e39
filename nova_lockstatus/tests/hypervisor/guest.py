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

"""The guest: a kernel, and a busybox that counts on the serial console."""

import pathlib
import re
import shutil
import subprocess

from nova_lockstatus.tests.hypervisor import requirements

_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs none /dev
count=0
while true; do
    count=$((count + 1))
    echo "count $count" >/dev/ttyS0
    /bin/busybox sleep 1
done
"""

_DISK_BYTES = 8 * 2 ** 20

KERNEL, RAMDISK, DISK = 'kernel', 'ramdisk', 'disk'
"""The files of the guest."""

COMMAND_LINE = 'console=ttyS0 quiet'


def build(folder):
    """Make the files that the images are of.

    :param folder: for them
    """
    shutil.copy(requirements.KERNEL, folder / KERNEL)
    with open(folder / DISK, 'wb') as disk:
        disk.truncate(_DISK_BYTES)
    root = folder / 'root'
    for name in ('bin', 'dev'):
        (root / name).mkdir(parents=True)
    shutil.copy(requirements.busybox(), root / 'bin' / 'busybox')
    init = root / 'init'
    init.write_text(_INIT)
    init.chmod(0o755)
    with open(folder / RAMDISK, 'wb') as ramdisk:
        subprocess.run(
            ['cpio', '--quiet', '--create', '--format=newc'], cwd=root,
            input=b'.\nbin\nbin/busybox\ndev\ninit\n', stdout=ramdisk,
            check=True)


def counts(console):
    """Read what a guest has counted.

    :param console: the path of its serial console's log
    :returns: the numbers, the oldest first
    """
    if not pathlib.Path(console).exists():
        return []
    return [int(number) for number in re.findall(
        rb'count (\d+)\r?\n', pathlib.Path(console).read_bytes())]
