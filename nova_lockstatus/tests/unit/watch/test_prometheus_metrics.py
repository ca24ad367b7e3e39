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

"""The metrics by themselves, and what is documented of them."""

import re
import time

import fixtures
import prometheus_client
import testtools
import yaml

from nova_lockstatus.tests.fixtures import alerting
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import CellCounts
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch import prometheus_metrics

PAGE = repository.DOC / 'source' / 'admin' / 'metrics.rst'


def labels_of(registry):
    """Return the labels of each metric, by the name that is documented."""
    found: dict[str, set] = {}
    for family in registry.collect():
        name = family.name + ('_total' if family.type == 'counter' else '')
        found[name] = {label for sample in family.samples
                       for label in sample.labels} - {'le'}
    return found


class MetricsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.registry = prometheus_client.CollectorRegistry()
        self.metrics: Metrics = prometheus_metrics.Prometheus(
            self.registry, ['webhook:billing'])

    def value(self, name, **labels):
        return self.registry.get_sample_value('nova_lockstatus_' + name,
                                              labels)

    def tell_all(self):
        self.metrics.cell_poll_finished('guard', 'cell1')
        self.metrics.cell_counted('cell1', CellCounts(
            {'UP': 2, '': 1}, {'owner': 1, '': 4}, {'DOWN': 3},
            {'owner': 1000, '': 2000}), 60)
        self.metrics.locks_expired('cell1', 5, 60)
        self.metrics.outbox_length(3, {'notifications': 4000})
        self.metrics.host_status_changed('UP', 'DOWN')
        self.metrics.hosts_held('cell1', 2)
        self.metrics.delivery_finished('notifications', 'sent')
        self.metrics.fan_out_finished(0.2)
        self.metrics.guard_acted('stop', 'acted')


class RegistryTestCase(MetricsTestCase):

    def test_each_is_shown(self):
        self.tell_all()
        for expected, name, labels in (
                (2, 'servers', {'cell': 'cell1', 'host_status': 'UP'}),
                (0, 'servers', {'cell': 'cell1', 'host_status': 'DOWN'}),
                (1, 'servers', {'cell': 'cell1', 'host_status': 'none'}),
                (1, 'locked_servers', {'cell': 'cell1',
                                       'locked_by': 'owner'}),
                (0, 'locked_servers', {'cell': 'cell1',
                                       'locked_by': 'admin'}),
                (4, 'locked_servers', {'cell': 'cell1',
                                       'locked_by': 'none'}),
                (3, 'hosts', {'cell': 'cell1', 'host_status': 'DOWN'}),
                (0, 'hosts', {'cell': 'cell1', 'host_status': 'UP'}),
                (None, 'hosts', {'cell': 'cell1', 'host_status': 'none'}),
                (1000, 'oldest_lock_timestamp_seconds',
                 {'cell': 'cell1', 'locked_by': 'owner'}),
                (2000, 'oldest_lock_timestamp_seconds',
                 {'cell': 'cell1', 'locked_by': 'none'}),
                # No lock is no lock of 1970.
                (None, 'oldest_lock_timestamp_seconds',
                 {'cell': 'cell1', 'locked_by': 'admin'}),
                (5, 'expired_locks', {'cell': 'cell1'}),
                (3, 'announcements_owed', {}),
                (4000, 'oldest_announcement_timestamp_seconds',
                 {'sink': 'notifications'}),
                # So that its first failure is a rise.
                (0, 'announcements_total', {'sink': 'webhook:billing',
                                            'outcome': 'failed'}),
                (2, 'hosts_held', {'cell': 'cell1'}),
                (1, 'host_changes_total', {'from': 'UP', 'to': 'DOWN'}),
                (0, 'host_changes_total', {'from': 'DOWN', 'to': 'UP'}),
                (1, 'announcements_total', {'sink': 'notifications',
                                            'outcome': 'sent'}),
                (0, 'fan_out_seconds_bucket', {'le': '0.1'}),
                (1, 'fan_out_seconds_bucket', {'le': '0.25'}),
                (1, 'guard_actions_total', {'action': 'stop',
                                            'outcome': 'acted'}),
                (0, 'guard_actions_total', {'action': 'suspend',
                                            'outcome': 'failed'})):
            self.assertEqual(expected, self.value(name, **labels), name)

    def test_what_is_not_known_is_not_shown(self):
        self.assertIsNone(self.value('announcements_owed'))
        self.tell_all()
        self.metrics.outbox_length(None, {})
        self.metrics.cell_not_counted('cell1')
        self.metrics.cell_not_counted('never counted')
        self.assertIsNone(self.value('announcements_owed'))
        self.assertIsNone(self.value('oldest_announcement_timestamp_seconds',
                                     sink='notifications'))
        self.assertIsNone(self.value('hosts', cell='cell1',
                                     host_status='UP'))
        self.assertIsNone(self.value('servers', cell='cell1',
                                     host_status='UP'))

    def test_cell_that_was_never_seen_is_missed(self):
        labels = {'duty': 'guard', 'cell': 'cell1'}
        name = 'last_look_timestamp_seconds'
        self.metrics.cell_poll_started('guard', 'cell1')
        self.assertEqual(0, self.value(name, **labels))
        self.metrics.cell_poll_finished('guard', 'cell1')
        seen = self.value(name, **labels)
        self.assertAlmostEqual(time.time(), seen, delta=60)
        self.metrics.cell_poll_started('guard', 'cell1')
        self.assertEqual(seen, self.value(name, **labels))

    def test_what_is_too_old_is_not_shown(self):
        self.tell_all()
        now = time.monotonic()
        self.useFixture(fixtures.MonkeyPatch('time.monotonic',
                                             lambda: now + 61))
        self.assertIsNone(self.value('announcements_owed'))
        self.assertIsNone(self.value('locked_servers', cell='cell1',
                                     locked_by='owner'))
        self.assertIsNone(self.value('expired_locks', cell='cell1'))

    def test_nothing_is_in_the_registry_of_the_library(self):
        self.assertEqual([], [
            family.name for family in prometheus_client.REGISTRY.collect()
            if family.name.startswith('nova_lockstatus')])
        # So a second one is none too many.
        prometheus_metrics.Prometheus(prometheus_client.CollectorRegistry())

    def test_one_metric_can_be_asked_for(self):
        self.tell_all()
        some = self.registry.restricted_registry(
            ['nova_lockstatus_announcements_owed'])
        self.assertEqual(
            ['nova_lockstatus_announcements_owed'],
            [sample.name for family in some.collect()
             for sample in family.samples])

    def test_off_keeps_the_same_methods(self):
        for name, method in vars(Metrics).items():
            if callable(method):
                self.assertIn(name, vars(prometheus_metrics.Prometheus))
        self.metrics = NO_METRICS
        self.tell_all()
        self.metrics.cell_not_counted('cell1')
        self.assertEqual({}, vars(NO_METRICS))


class DocumentationTestCase(MetricsTestCase):

    def test_the_table_has_each_metric_with_its_labels(self):
        self.tell_all()
        documented = {
            name: set(re.findall(r'``(\w+)``', labels))
            for name, labels in re.findall(
                r'\* - ``(nova_lockstatus_\w+)``\n     -(.*)\n',
                PAGE.read_text())}
        self.assertEqual(labels_of(self.registry), documented)

    def test_the_examples_name_what_there_is(self):
        names = labels_of(self.registry).keys()
        found = set(re.findall(r'nova_lockstatus_\w+', PAGE.read_text()))
        self.assertEqual(set(names), found)

    def test_the_example_is_yaml(self):
        scrapes, = (
            yaml.safe_load(text) for text in re.findall(
                r'code-block:: yaml\n\n((?:   .*\n|\n)+)', PAGE.read_text()))
        job, = scrapes['scrape_configs']
        # The alert rules have its name.
        self.assertIn('job="%s"' % job['job_name'],
                      alerting.ALERTS.read_text())

    def test_every_metric_has_a_prefix_and_a_text(self):
        for family in self.registry.collect():
            self.assertTrue(family.name.startswith(prometheus_metrics.PREFIX))
            self.assertTrue(family.documentation.endswith('.'))


class OperatorFilesTestCase(MetricsTestCase):
    """The alert rules and the dashboard ask for what there is."""

    def setUp(self):
        super().setUp()
        self.tell_all()
        self.expressions = [
            *(rule['expr'] for rule in alerting.rules()), *alerting.queries()]

    def test_metrics_are_there(self):
        names = {sample.name for family in self.registry.collect()
                 for sample in family.samples}
        for expression in self.expressions:
            found = set(re.findall(r'nova_lockstatus_\w+', expression))
            if 'up{job=' not in expression:
                self.assertNotEqual(set(), found, expression)
            self.assertEqual(set(), found - names, expression)

    def test_labels_are_there(self):
        labels = labels_of(self.registry)
        for expression in self.expressions:
            names = set(re.findall(r'nova_lockstatus_\w+', expression))
            grouped = {word for group in re.findall(
                r'\bby \(([^)]*)\)', expression)
                       for word in group.split(', ')}
            selected = set(re.findall(r'(\w+)=~?"', expression)) - {'job'}
            there = {'le'}.union(*(
                labels[name.removesuffix('_bucket')] for name in names))
            self.assertEqual(set(), (grouped | selected) - there, expression)

    def test_the_texts_of_alerts_use_labels_of_theirs(self):
        for rule in alerting.rules():
            used = set(re.findall(r'\$labels\.(\w+)',
                                  str(rule['annotations'])))
            self.assertTrue(all('by (%s)' % label in rule['expr']
                                for label in used), rule)
            self.assertIn(rule['labels']['severity'],
                          ('warning', 'critical'))

    def test_panels_have_the_variables(self):
        board = alerting.dashboard()
        self.assertEqual(
            ['datasource', 'cell'],
            [one['name'] for one in board['templating']['list']])
        taken = set()
        for panel in board['panels']:
            self.assertEqual('${datasource}', panel['datasource']['uid'])
            place = panel['gridPos']
            cells = {(x, y) for x in range(place['x'], place['x'] + place['w'])
                     for y in range(place['y'], place['y'] + place['h'])}
            self.assertEqual(set(), taken & cells, panel['title'])
            taken |= cells
            self.assertLessEqual(place['x'] + place['w'], 24)
            for target in panel['targets']:
                self.assertEqual(panel['datasource'], target['datasource'])
                for name in re.findall(r'nova_lockstatus_\w+',
                                       target['expr']):
                    if 'cell' in labels_of(self.registry).get(name, ()):
                        self.assertRegex(
                            target['expr'], name + r'{cell=~"\$cell"')
        ids = [panel['id'] for panel in board['panels']]
        self.assertEqual(len(ids), len(set(ids)))
