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

"""Holds the files of contrib to what can be checked without the tools."""

import json
import re
import shutil
import subprocess
import sys

import fixtures
import testtools

from nova_lockstatus.tests.fixtures import repository

SYSTEMD = repository.CONTRIB / 'systemd'

CHARM = repository.CONTRIB / 'charm-nova-cloud-controller'


class ContribTestCase(testtools.TestCase):

    def test_each_folder_has_a_page_and_is_listed(self):
        """The page of a tool shows where each file goes."""
        install = repository.DOC / 'source' / 'install'
        listed = (repository.CONTRIB / 'README.rst').read_text()
        pages = {path.stem: path.read_text() for path in install.glob('*.rst')}
        for folder in sorted(repository.CONTRIB.iterdir()):
            if not folder.is_dir():
                continue
            self.assertIn('\n``%s``\n' % folder.name, listed)
            if folder.name == 'webhook-receivers':
                # For those who get events, on the page of the webhooks.
                continue
            page = pages['systemd' if folder.name == 'container'
                         else folder.name]
            self.assertIn('\n   %s\n' % (
                'systemd' if folder.name == 'container' else folder.name),
                pages['index'])
            self.assertIn('.. note::', page, folder.name)
            for path in folder.iterdir():
                self.assertIn(path.name, page)

    def test_units(self):
        """systemd knows each option, and finds each program."""
        if shutil.which('systemd-analyze') is None:
            self.skipTest('systemd-analyze is not installed')
        folder = self.useFixture(fixtures.TempDir())
        units = []
        for path in (*SYSTEMD.iterdir(), *CHARM.glob('*.service'),
                     *CHARM.glob('*.path')):
            text = path.read_text()
            for old, new in (('/usr/bin/', sys.prefix + '/bin/'),
                             ('/usr/local/sbin', str(CHARM)),
                             ('User=nova\n', 'User=root\n')):
                text = text.replace(old, new)
            units.append(folder.join(path.name))
            with open(units[-1], 'w') as unit:
                unit.write(text)
        done = subprocess.run(
            ['systemd-analyze', 'verify', *units], check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((0, ''), (done.returncode, '\n'.join(
            line for line in done.stdout.splitlines()
            if 'nova-lockstatus' in line)), done.stdout)

    def test_image_of_the_watch(self):
        """The Nova of the image is the one of the newest constraints."""
        text = (repository.CONTRIB / 'container'
                / 'Containerfile').read_text()
        version, = re.findall(r'ARG NOVA=(\S+)', text)
        newest = (repository.TOP / 'constraints' / 'nova-34.txt').read_text()
        self.assertIn('\nnova==%s\n' % version, newest)

    def test_kolla_container(self):
        config = json.loads((repository.CONTRIB / 'kolla-ansible'
                             / 'config.json').read_text())
        source, = (entry['source'] for entry in config['config_files'])
        playbook = (repository.CONTRIB / 'kolla-ansible'
                    / 'lockstatus-watch.yml').read_text()
        folder, _slash, name = source.rpartition('/')
        self.assertIn('lockstatus_in: %s\n' % folder, playbook)
        self.assertIn('lockstatus_in }}/%s:ro' % name, playbook)
