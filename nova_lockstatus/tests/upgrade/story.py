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

"""Takes a cloud with the plugin through upgrades of Nova, and notes it all.

Beside it a cloud of stock Nova, the twin, takes the same way.
"""

import contextlib
import json

from nova_lockstatus.tests.upgrade import api
from nova_lockstatus.tests.upgrade import cloud
from nova_lockstatus.tests.upgrade import environment
from nova_lockstatus.tests.upgrade import rows


class Story:
    """What happened to the clouds; is told once.

    :param stack: closes what is opened
    """

    def __init__(self, stack):
        self.releases = [environment.find(release)
                         for release in environment.RELEASES]
        self.made, self.twin = (stack.enter_context(cloud.Cloud())
                                for _ in range(2))
        self.ids, self.twin_ids = {}, {}
        # What was seen, by stage.
        self.checks, self.nova_checks, self.shown = {}, {}, {}
        self.locked, self.reports, self.renamed = {}, {}, {}
        self.counts, self.schemas = {}, {}

    def tell(self):
        """Do it all."""
        self.begin(self.releases[0])
        for release in self.releases[1:]:
            self.upgrade(release)
            with self.nova(release) as nova:
                self.look('new', nova)
                self.renamed['new'] = nova.rename('mine')
            # NOTE: so that its services have the versions of this release.
            with release.start_nova(self.twin.config, plugin=False):
                pass
        newest = self.releases[-1]
        self.remove(newest)
        self.edit_paste(newest, 'enable')
        with self.nova(newest) as nova:
            self.look('back', nova, [
                name for name in api.NAMES if name != 'gone'])
            self.renamed['back'] = nova.rename('mine')

    def begin(self, oldest):
        """Make both clouds with the oldest release."""
        for made in (self.made, self.twin):
            made.install_paste(oldest)
            made.create_cells(oldest)
        self.edit_paste(oldest, 'enable')
        self.stored = [self.sync_store(oldest)]
        with self.nova(oldest) as nova:
            nova.boot()
            for name, (user, reason) in api.LOCKS.items():
                assert nova.lock(user, name, reason, '2.1') == 202
            self.look('old', nova)
            self.renamed['old'] = nova.rename('mine')
        with oldest.start_nova(self.twin.config, plugin=False) as send:
            nova = api.Api(send, self.twin_ids)
            nova.boot()
            for name, (user, reason) in api.LOCKS.items():
                # NOTE: stock Nova answers 500 to a reason that its database
                # does not hold.
                assert nova.lock(user, name, (
                    'narrow' if reason == api.WIDE else reason)) == 202
        self.checked('old', oldest)
        self.reports['old'] = self.report(oldest)
        self.count('old')

    def upgrade(self, release):
        """Bring both clouds to a newer release."""
        self.checked('not synced', release)
        for made in (self.made, self.twin):
            made.sync(release)
            made.migrate_data(release, plugin=made is self.made)
        self.stored.append(self.sync_store(release))
        self.checked('synced', release)
        self.made.install_paste(release)
        self.checked('new paste file', release)
        self.edit_paste(release, 'enable')
        with release.start_watch(self.made.config):
            self.checked('watched', release)
        self.reports['new'] = self.report(release)
        self.count('new')
        for name, made, plugin in (('plugin', self.made, True),
                                   ('twin', self.twin, False)):
            self.nova_checks[name] = nova_status(release, made, plugin)

    def remove(self, release):
        """Take the plugin away, and use the cloud as stock Nova."""
        self.edit_paste(release, 'disable')
        self.same_paste = (self.made.paste.read_bytes()
                           == release.paste.read_bytes())
        with self.nova(release, plugin=False) as nova:
            self.look('stock', nova)
            self.renamed['stock'] = nova.rename('mine')
            self.stock_changes = [
                nova.delete('gone'),
                nova.act(api.OWNER, 'gone', {'unlock': None}),
                nova.delete('gone'),
                nova.act(api.OWNER, 'long', {'unlock': None}),
                nova.lock(api.OWNER, 'long', 'by stock Nova'),
                nova.act(api.ADMIN, 'theirs', {'unlock': None})]
            nova.wait('gone', 404)
            self.shown['stock, changed'] = nova.shown(
                '2.73', ['long', 'theirs'])
            self.log = nova.log()
        gone = self.ids['gone']
        self.rows_of_plugin = [rows.of_plugin(self.made, gone)]
        self.made.manage(
            release, ('db', 'archive_deleted_rows', '--until-complete',
                      '--all-cells'),
            ('db', 'purge', '--all', '--all-cells'), plugin=False)
        self.rows_of_plugin.append(rows.of_plugin(self.made, gone))
        self.made.migrate_data(release, plugin=False)
        self.nova_checks['removed'] = nova_status(release, self.made, False)

    @contextlib.contextmanager
    def nova(self, release, plugin=True):
        """Run Nova over the cloud that has, or had, the plugin."""
        with release.start_nova(self.made.config, plugin) as send:
            yield api.Api(send, self.ids)

    def look(self, stage, nova, names=api.NAMES):
        """Note what is shown of the locks."""
        for microversion in ('2.1', '2.73'):
            self.shown[stage, microversion] = nova.shown(microversion, names)
            self.locked[stage, microversion] = nova.locked(microversion)

    def checked(self, stage, release):
        """Note what nova-lockstatus-status says."""
        done = release.run('nova-lockstatus-status', '--config-file',
                           self.made.config, 'upgrade', 'check', '--json')
        self.checks[stage] = done.returncode, {
            check['check']: check['details']
            for check in json.loads(done.stdout)['checks'] if check['result']}

    def report(self, release):
        """Return what nova-lockstatus report says."""
        done = release.run('nova-lockstatus', 'report', '--config-file',
                           self.made.config, '-f', 'json')
        assert not done.returncode, done.stderr
        return json.loads(done.stdout)

    def edit_paste(self, release, command):
        """Put the filter into the paste file, or take it out."""
        done = release.run('nova-lockstatus', command, '--api-paste',
                           self.made.paste, '--yes')
        assert not done.returncode, done.stderr

    def sync_store(self, release):
        """Return what nova-lockstatus db sync says."""
        done = release.run('nova-lockstatus', 'db', 'sync', '--config-file',
                           self.made.config)
        assert not done.returncode, done.stderr
        return done.stdout.strip()

    def count(self, stage):
        """Note what is in the databases of both clouds."""
        for name, made in (('plugin', self.made), ('twin', self.twin)):
            self.counts[name, stage] = rows.counts(made)
            self.schemas[name, stage] = rows.schemas(made)


def nova_status(release, made, plugin):
    """Return what Nova's own checks say."""
    return release.run('nova-status', '--config-file', made.config, 'upgrade',
                       'check', plugin=plugin).stdout
