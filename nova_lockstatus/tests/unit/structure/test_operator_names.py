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

"""The names that operators have in their files, rules and dashboards.

A new name is added here. To rename or to remove one needs an upgrade note.
"""

import ast
import json

import testtools

from nova_lockstatus import conf
from nova_lockstatus import policies
from nova_lockstatus.db import models
from nova_lockstatus.tests.unit.structure import source

OPTIONS = {
    'lockstatus': {
        'announce_host_status': ('Boolean', True),
        'bypass_needs_reason': ('Boolean', False),
        'connection': ('String', None),
        'enabled_extensions': ('List of String', [
            'os-server-locked-status', 'os-server-host-status',
            'os-hypervisor-status']),
        'guard': ("String(choices=['enforce', 'report', 'off'])", 'report'),
        'guard_claim_timeout': ('Integer(min=60)', 1800),
        'guard_interval': ('Integer(min=1)', 60),
        'guard_pause': ('Integer(min=1)', 60),
        'guard_pause_max': ('Integer(min=1)', 3600),
        'guard_probe_interval': ('Integer(min=0)', 0),
        'guard_probe_timeout': ('Integer(min=1)', 5),
        'guard_probe_workers': ('Integer(min=1)', 8),
        'host_interval': ('Float(min=0.1)', 0.5),
        'hypervisor_uptime_timeout': ('Integer(min=1, max=60)', 5),
        'lock_ends_interval': ('Float(min=0.1)', 0.5),
        'max_lock_time': ('Integer(min=0)', 315360000),
        'metrics_bind': ('HostAddress', '127.0.0.1'),
        'metrics_interval': ('Integer(min=10)', 60),
        'metrics_port': ('Port(min=0, max=65535)', 0),
        'notify_host_names': ('Boolean', False),
        'on_incompatible': ("String(choices=['fail', 'disable'])", 'fail'),
        'speedups': ('Boolean', True),
        'state_lock_exempt': ('List of String', [
            'createImage', 'createBackup']),
        'webhook_allowed_networks': ('List of String', []),
        'webhook_give_up': ('Integer(min=1)', 3600),
        'webhook_history': ('Integer(min=0)', 86400),
        'webhook_history_events': ('Integer(min=1)', 10000),
        'webhook_queue': ('Integer(min=1)', 1000),
        'webhooks': ('List of String', []),
    },
    # As it is documented; the name is one of the option "webhooks".
    'lockstatus_webhook_name': {
        'allow_http_to_loopback': ('Boolean', False),
        'batch': ('Integer(min=1, max=500)', 1),
        'ca_file': ('String', None),
        'parallel': ('Integer(min=1, max=16)', 1),
        'previous_secrets': ('List of String', []),
        'project_id': ('String', None),
        'request_origin': ('String', None),
        'retries': ("String(choices=['quick', 'standard'])", 'quick'),
        'secret': ('String', None),
        'timeout': ('Float(min=0.1, max=60)', 10),
        'url': ('String', None),
    },
}

ADMIN = 'rule:context_is_admin'
SHOW = 'rule:os_compute_api:servers:show'
ANYBODY = '@'
READER = 'rule:project_reader_or_admin'

# Each after "os_compute_api:".
POLICIES = {
    'lockstatus:extra_keys': ANYBODY,
    'os-hypervisor-status:disabled_reason': ADMIN,
    'os-hypervisor-status:forced_down': ADMIN,
    'os-server-locked-status:locked': SHOW,
    'os-server-locked-status:locked_at': READER,
    'os-server-locked-status:locked_by': READER,
    'os-server-locked-status:locked_by_user_id': ADMIN,
    'os-server-locked-status:locked_reason': SHOW,
    'os-server-locks:bypass': ADMIN,
    'os-server-locks:create': ADMIN,
    'os-server-locks:delete': ADMIN,
    'os-server-locks:delete_protected': SHOW,
    'os-server-locks:index': READER,
    'os-server-locks:index:all_projects': ADMIN,
    'os-server-locks:locked_until': SHOW,
    'os-server-locks:server_index': READER,
    'os-server-locks:show': READER,
    'os-server-locks:show:host': ADMIN,
    'os-server-locks:update': ADMIN,
    'os-server-state-lock:bypass': ADMIN,
}

# Event type, name and version of the payload of each documented sample. The
# functional tests compare the samples with what is sent.
NOTIFICATIONS = {
    ('compute.instance.host_status', None, None),
    ('lockstatus.bypass.update', 'BypassPayload', '1.0'),
    ('lockstatus.guard.suspend', 'GuardPayload', '1.0'),
    ('lockstatus.host_status.update', 'HostStatusPayload', '1.1'),
    ('lockstatus.lock', 'InstancePayload', '1.1'),
    ('lockstatus.lock.expired', 'LockExpiryPayload', '1.0'),
    ('lockstatus.unlock', 'InstancePayload', '1.1'),
}

WEBHOOKS = {
    ('org.openstack.nova.lockstatus.host_status',
     '/nova-lockstatus/host_status'),
    ('org.openstack.nova.lockstatus.lock.expired', '/nova-lockstatus/locks'),
}

TABLES = {
    'announcements':
        'number change_id sink cell host old new changed_at request_id '
        'user_id project_id last_server tries not_before claimed_by '
        'claimed_until due_at',
    'expired_locks': 'lock_id ended_at cell',
    'host_statuses': 'cell host status version changed_at',
    'scope_locks':
        'number id scope scope_id cell lock_level user_id project_id reason '
        'origin since until lifted_at_end refuses_create',
    'watches': 'host started_at reported_at',
    'webhook_events': 'number name status posted_at event',
    'webhooks': 'name answer answered_at gone_at gone_url',
}

# The kind of each, and its labels.
METRICS = {
    'announcements': 'Counter sink outcome',
    'announcements_owed': 'GaugeMetricFamily',
    'expired_locks': 'GaugeMetricFamily cell',
    'fan_out_seconds': 'Histogram',
    'guard_actions': 'Counter action outcome',
    'reasons_repaired': 'Counter outcome',
    'host_changes': 'Counter from to',
    'hosts': 'GaugeMetricFamily cell host_status',
    'hosts_held': 'Gauge cell',
    'last_look_timestamp_seconds': 'Gauge duty cell',
    'locked_servers': 'GaugeMetricFamily cell locked_by',
    'oldest_announcement_timestamp_seconds': 'GaugeMetricFamily sink',
    'oldest_lock_timestamp_seconds': 'GaugeMetricFamily cell locked_by',
    'servers': 'GaugeMetricFamily cell host_status',
}


def metrics():
    """Yield name, kind and labels of each metric, as the code makes it."""
    for node in source.all_modules()[
            'nova_lockstatus.watch.prometheus_metrics'].nodes:
        if isinstance(node, ast.Call) and node.args and ast.unparse(
                node.args[0]).startswith('PREFIX + '):
            labels = [argument for argument in (
                *node.args, *(keyword.value for keyword in node.keywords
                              if keyword.arg == 'labels'))
                      if isinstance(argument, ast.List)]
            yield ast.unparse(node.args[0]).split("'")[1], ' '.join([
                ast.unparse(node.func).rpartition('.')[2],
                *(name for found in labels
                  for name in ast.literal_eval(found))])


class OperatorNamesTestCase(testtools.TestCase):

    def test_options(self):
        self.assertEqual(OPTIONS, {
            group: {option.name: (str(option.type), option.default)
                    for option in options}
            for group, options in conf.list_opts()})

    def test_policies(self):
        rules = list(policies.list_rules())
        self.assertEqual(
            {'os_compute_api:' + name: default
             for name, default in POLICIES.items()},
            {rule.name: rule.check_str for rule in rules})
        for rule in rules:
            self.assertEqual(['project'], rule.scope_types, rule.name)

    def test_notifications(self):
        found, webhooks = set(), set()
        for path in (source.TOP / 'doc' / 'notification_samples').glob('*'):
            sample = json.loads(path.read_text())
            if 'specversion' in sample:
                webhooks.add((sample['type'], sample['source']))
            else:
                found.add((sample['event_type'],
                           sample['payload'].get('nova_object.name'),
                           sample['payload'].get('nova_object.version')))
        self.assertEqual(NOTIFICATIONS, found)
        self.assertEqual(WEBHOOKS, webhooks)

    def test_tables_and_columns(self):
        self.assertEqual(TABLES, {
            name: ' '.join(column.name for column in table.columns)
            for name, table in models.METADATA.tables.items()})

    def test_metrics(self):
        self.assertEqual(METRICS, dict(metrics()))
