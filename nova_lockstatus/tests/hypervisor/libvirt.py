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

"""A libvirtd of its own, beside one that the machine may have.

It has a configuration, sockets and folders of its own: where it looks for
those of the machine, folders of the cloud are mounted, for it alone.
"""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess

_QEMU = """\
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
remember_owner = 0
stdio_handler = "file"
"""

_DAEMON = """\
unix_sock_dir = "%s"
auth_unix_rw = "none"
"""

_MOUNTS = ('/etc/libvirt', '/run/libvirt', '/var/lib/libvirt',
           '/var/cache/libvirt', '/var/log/libvirt')

# NOTE: libvirtd does not start without the user that it is built for, even
# if it uses another one.
_USERS = {'passwd': 'libvirt-qemu:x:64055:64055::/nonexistent:/bin/false\n',
          'group': 'kvm:x:64055:\nlibvirt-qemu:x:64055:\n'}

NAME = 'libvirtd'


class Libvirt:
    """The libvirtd, and what operators do with virsh.

    :param processes: those of the cloud
    :param folder: of the cloud
    """

    def __init__(self, processes, folder):
        self._processes = processes
        self._folder = pathlib.Path(folder, 'libvirt')
        self._sockets = self._folder / 'sockets'
        self.uri = 'qemu:///system?socket=%s/libvirt-sock' % self._sockets

    def prepare(self):
        """Make its folders and its configuration."""
        self._sockets.mkdir(parents=True)
        for path in _MOUNTS:
            self._instead_of(path).mkdir()
            pathlib.Path(path).mkdir(parents=True, exist_ok=True)
        etc = self._instead_of('/etc/libvirt')
        (etc / 'qemu.conf').write_text(_QEMU)
        (etc / 'libvirtd.conf').write_text(_DAEMON % self._sockets)
        for name, lines in _USERS.items():
            (self._folder / name).write_text(
                pathlib.Path('/etc', name).read_text() + lines)

    def start(self):
        """Start it, and wait until it answers."""
        mounts = {**{self._instead_of(path): path for path in _MOUNTS},
                  **{self._folder / name: '/etc/' + name for name in _USERS}}
        daemon = ['libvirtd', '--config', '/etc/libvirt/libvirtd.conf',
                  '--pid-file', str(self._folder / 'pid')]
        script = '\n'.join([
            'set -e',
            *(shlex.join(['mount', '--bind', str(source), target])
              for source, target in mounts.items()),
            'exec ' + shlex.join(daemon)])
        self._processes.start(NAME, ['unshare', '--mount', 'sh', '-c', script])
        self._processes.wait_for(
            'libvirtd answers', lambda: not self._virsh('list').returncode)

    def stop(self):
        """Stop it. The guests go on."""
        self._processes.stop(NAME)

    def lose_power(self):
        """Lose what a host loses whose power fails: what runs, and /run."""
        self.stop()
        run = self._instead_of('/run/libvirt')
        # Each guest that runs has a file with its state, and one of its id.
        for guest in (run / 'qemu').glob('*.xml'):
            os.kill(int(guest.with_suffix('.pid').read_text()),
                    signal.SIGKILL)
        shutil.rmtree(run)
        run.mkdir()

    def virsh(self, *arguments):
        """Do something behind Nova's back.

        :param arguments: of virsh
        :returns: what it prints
        """
        done = self._virsh(*arguments)
        assert not done.returncode, done.stderr
        return done.stdout.strip()

    def state(self, uuid):
        """Tell the state of a guest.

        :param uuid: the id of its server
        :returns: as virsh has it, empty where there is no guest: Nova's hard
            reboot defines it anew
        """
        return self._virsh('domstate', uuid).stdout.strip()

    def _virsh(self, *arguments):
        return subprocess.run(['virsh', '-q', '-c', self.uri, *arguments],
                              capture_output=True, text=True)

    def _instead_of(self, path):
        return self._folder / path.strip('/').replace('/', '-')
