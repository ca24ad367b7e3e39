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

"""The alert rules and the dashboard, with Prometheus' own programs."""

import datetime
import json
import pathlib
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from typing import NamedTuple

import fixtures
import testtools
import yaml

from nova_lockstatus.tests.fixtures import alerting
from nova_lockstatus.tests.fixtures import metrics
from nova_lockstatus.tests.fixtures import watch_process_case
from nova_lockstatus.tests.integration import prometheus

SERVERS = 'nova_lockstatus_servers{cell="cell1",host_status="DOWN"%s}'
UNKNOWN = 'nova_lockstatus_hosts{cell="cell1",host_status="UNKNOWN"%s}'
UP = 'up{job="nova-lockstatus",instance="controller%d:9877"}'
POLL = ('nova_lockstatus_last_look_timestamp_seconds'
        '{cell="cell1",duty="%s"%s}')
OLDEST = ('nova_lockstatus_oldest_announcement_timestamp_seconds'
          '{sink="webhook:billing"%s}')
SENT = ('nova_lockstatus_announcements_total'
        '{sink="%s",outcome="%s"}')
HELD = 'nova_lockstatus_hosts_held{cell="cell1"%s}'
EXPIRED = 'nova_lockstatus_expired_locks{cell="cell1"%s}'
GUARD = 'nova_lockstatus_guard_actions_total{action="suspend",outcome="%s"}'

OTHER = ',instance="controller2:9877"'
"""The label of the second of two processes."""

CELL = {'cell': 'cell1'}
WEBHOOK = {'sink': 'webhook:billing'}

OLDEST_EVENT = 'Age of the oldest event in the outbox'
"""The panel that shows nothing while no event waits."""


class Case(NamedTuple):
    """Series with which an alert fires, or with which it does not.

    A value of a series is there every 30 seconds.

    :param series: their values, by their names and labels
    :param minutes: when the alert is looked at
    :param labels: of the alert that fires, None where none fires
    :param value: of the alert, as its text shows it
    """

    series: dict[str, str]
    minutes: int
    labels: dict[str, str] | None = None
    value: str = ''


CASES = {
    'NovaHostDownWithServers': (
        # Both processes count all servers.
        Case({SERVERS % '': '0 3x20', SERVERS % OTHER: '0 3x20'}, 3, CELL,
             '3'),
        Case({SERVERS % '': '0x20'}, 8),
        Case({SERVERS % '': '3 0x20'}, 3),
        Case({SERVERS.replace('DOWN', 'MAINTENANCE') % '': '3x20'}, 8),
    ),
    'NovaHostUnknown': (
        Case({UNKNOWN % '': '1x20', UNKNOWN % OTHER: '1x20'}, 4, CELL, '1'),
        Case({UNKNOWN % '': '0 1 0x20'}, 4),
        Case({UNKNOWN.replace('UNKNOWN', 'UP') % '': '9x20'}, 4),
    ),
    'NovaLockstatusWatchDown': (
        Case({UP % 1: '1 0x20', UP % 2: '1 0x20'}, 5, {}),
        Case({}, 5, {}),
        Case({UP % 1: '1x20', UP % 2: '0x20'}, 5),
        Case({UP % 1: '1 0 0 1x20'}, 5),
    ),
    'NovaHostsNotPolled': (
        Case({POLL % ('host status', ''): '0x20'}, 5, CELL),
        Case({POLL % ('host status', ''): '0+30x20'}, 5),
        Case({POLL % ('host status', ''): '0x20',
              POLL % ('host status', OTHER): '0+30x20'}, 5),
        Case({POLL % ('guard', ''): '0x20'}, 5),
    ),
    'NovaOutboxStuck': (
        Case({OLDEST % '': '0x40', OLDEST % OTHER: '0x40'}, 10, WEBHOOK,
             '10m 0s'),
        # One event after the other waits, each for a short time.
        Case({OLDEST % '': '0+30x40'}, 10),
        Case({OLDEST % '': '0x8 stale'}, 10),
    ),
    'NovaWebhookFails': (
        Case({SENT % ('webhook:billing', 'failed'): '0 0 1 2+1x40'}, 12,
             WEBHOOK),
        Case({SENT % ('webhook:billing', 'failed'): '7x40',
              SENT % ('webhook:billing', 'sent'): '0+5x40'}, 12),
        Case({SENT % ('notifications', 'failed'): '0+1x40'}, 12),
    ),
    'NovaHostsHeld': (
        Case({HELD % '': '4x40', HELD % OTHER: '4x40'}, 6, CELL, '4'),
        Case({HELD % '': '4x4 0x40'}, 8),
    ),
    'NovaGuardFails': (
        Case({GUARD % 'failed': '0 0 1x40'}, 3, {'action': 'suspend'}),
        Case({GUARD % 'failed': '1x60'}, 20),
        Case({GUARD % 'acted': '0+1x60'}, 20),
    ),
    'NovaLocksExpired': (
        # Both processes count all locks.
        Case({EXPIRED % '': '2x200', EXPIRED % OTHER: '2x200'}, 61, CELL,
             '2'),
        Case({EXPIRED % '': '2x60 0x200'}, 90),
    ),
}


class PromtoolTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        problem = prometheus.missing()
        if problem:
            self.skipTest(problem)
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.rules = {rule['alert']: rule for rule in alerting.rules()}

    def write(self, name, content):
        (self.folder / name).write_text(yaml.safe_dump(content))
        return name

    def test_rules_are_valid(self):
        code, text = prometheus.promtool('check', 'rules', alerting.ALERTS)
        self.assertEqual(0, code, text)
        self.assertIn('%d rules found' % len(self.rules), text)

    def test_each_rule_fires_and_is_silent(self):
        self.assertEqual(set(self.rules), set(CASES))
        for cases in CASES.values():
            self.assertEqual({True, False},
                             {case.labels is None for case in cases})
        self.write('tests.yaml', {
            'rule_files': [str(alerting.ALERTS)],
            'evaluation_interval': '30s',
            'tests': [self.in_promtools_form(name, case)
                      for name, cases in CASES.items() for case in cases]})
        code, text = prometheus.promtool('test', 'rules', 'tests.yaml',
                                         cwd=self.folder)
        self.assertEqual(0, code, text)

    def in_promtools_form(self, name, case):
        """Return one case as promtool takes it."""
        rule = self.rules[name]
        expected = [] if case.labels is None else [{
            'exp_labels': {**rule['labels'], **case.labels},
            'exp_annotations': {
                key: rendered(text, case)
                for key, text in rule['annotations'].items()}}]
        return {
            'interval': '30s',
            'input_series': [{'series': series, 'values': values}
                             for series, values in case.series.items()],
            'alert_rule_test': [{
                'eval_time': '%dm' % case.minutes, 'alertname': name,
                'exp_alerts': expected}]}

    def test_queries_of_the_dashboard_are_valid(self):
        queries = alerting.queries()
        self.write('queries.yaml', {'groups': [{
            'name': 'dashboard', 'rules': [
                {'record': 'panel:%d' % number, 'expr': query}
                for number, query in enumerate(queries)]}]})
        code, text = prometheus.promtool('check', 'rules', 'queries.yaml',
                                         cwd=self.folder)
        self.assertEqual(0, code, text)
        self.assertIn('%d rules found' % len(queries), text)


def rendered(text, case):
    """Put labels and value of an alert into its text, as Prometheus does."""
    text = re.sub(r'{{ \$value( \| \w+)? }}', case.value, text)
    return re.sub(r'{{ \$labels\.(\w+) }}',
                  lambda found: (case.labels or {})[found[1]], text)


CONFIG = """
[lockstatus]
metrics_interval = 10
metrics_port = %d
webhooks = billing
webhook_allowed_networks = 127.0.0.0/8
[lockstatus_webhook_billing]
url = http://127.0.0.1:%d/
allow_http_to_loopback = True
project_id = p1
secret = not-told
"""
"""With a webhook where nobody listens."""


class PrometheusTestCase(watch_process_case.StoreTestCase):
    """A real Prometheus scrapes a real nova-lockstatus-watch."""

    def setUp(self):
        problem = prometheus.missing()
        if problem:
            self.skipTest(problem)
        self.watch_port = metrics.free_port()
        super().setUp()
        self.make_databases()
        self.assertEqual(0, self.sync()[0])

    def configure(self, guard, url=None):
        super().configure(guard, url)
        with open(self.config, 'a') as config:
            config.write(CONFIG % (self.watch_port, metrics.free_port()))

    def start_prometheus(self):
        self.port = metrics.free_port()
        config = pathlib.Path(self.folder, 'prometheus.yaml')
        config.write_text(yaml.safe_dump({
            'global': {'scrape_interval': '1s', 'evaluation_interval': '1s'},
            'rule_files': [str(alerting.ALERTS)],
            'scrape_configs': [{
                'job_name': 'nova-lockstatus', 'static_configs': [{
                    'targets': ['127.0.0.1:%d' % self.watch_port]}]}]}))
        log = self.folder + '/prometheus.log'
        with open(log, 'w') as output:
            process = subprocess.Popen(
                [prometheus.find('prometheus'), '--config.file', config,
                 '--storage.tsdb.path', self.folder + '/series',
                 '--web.listen-address', '127.0.0.1:%d' % self.port],
                stdout=output, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def get(self, path, **query):
        """Return the answer of Prometheus, None while there is none."""
        url = 'http://127.0.0.1:%d/api/v1/%s?%s' % (
            self.port, path, urllib.parse.urlencode(query))
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)['data']
        except urllib.error.HTTPError as error:
            self.fail('%s: %s' % (query, error.read().decode()))
        except OSError:
            return None

    def active(self):
        """Return the alerts that are pending or fire."""
        data = self.get('alerts')
        return data and {
            alert['labels']['alertname'] for alert in data['alerts']}

    def test_what_happens_to_a_host_and_to_the_watch(self):
        self.insert_host()
        self.insert_locked_server()
        self.change_host(forced_down=1)
        watch = self.start()
        self.wait_for('nova-lockstatus-watch is running')
        self.wait_until(lambda: self.is_served('servers'))
        self.start_prometheus()
        self.wait_until(
            lambda: self.active() == {'NovaHostDownWithServers'})
        self.assertEqual({OLDEST_EVENT}, self.panels_without_data())
        # The webhook is to get that, and nobody listens there.
        self.change_host(forced_down=0)
        self.wait_until(lambda: self.active() == {'NovaWebhookFails'})
        self.assertEqual(set(), self.panels_without_data())
        self.change_host(last_seen_up='2001-01-01 00:00:00')
        self.wait_until(lambda: self.active() == {
            'NovaHostUnknown', 'NovaWebhookFails'})
        self.stop(watch)
        self.wait_until(lambda: 'NovaLockstatusWatchDown' in self.active())

    def insert_locked_server(self):
        server_id = self.insert_server()
        self.execute('UPDATE instances SET project_id = ?', 'p1')
        now = datetime.datetime.utcnow()
        self.insert('instance_actions', instance_uuid=server_id,
                    action='lock', user_id='u1', deleted=0,
                    start_time=str(now), created_at=str(now))

    def change_host(self, **values):
        (column, value), = values.items()
        self.execute('UPDATE services SET %s = ?' % column, value)

    def is_served(self, name):
        try:
            scrape = metrics.Scrape(self.watch_port)
        except OSError:
            return False
        return bool(scrape.values(name, 'cell'))

    def panels_without_data(self):
        """Return the titles of the panels that show nothing."""
        def has_data(panel):
            return any(self.get('query', query=query)['result']
                       for query in alerting.queries_of(panel))

        panels = {panel['title']: panel
                  for panel in alerting.dashboard()['panels']}
        # A rate takes two scrapes.
        self.wait_until(lambda: has_data(panels['Fan-out times']))
        return {title for title, panel in panels.items()
                if not has_data(panel)}
