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

"""Options of the webhooks: [lockstatus], and a group for each of them."""

import re

from oslo_config import cfg

NAME = re.compile('[a-z0-9_-]{1,50}')
"""The form of a webhook's name. The names of groups have no case."""

ORIGIN = re.compile('[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*')
"""The form of the name of a sender, a DNS name."""

QUICK = 'quick'
STANDARD = 'standard'

GROUP_PREFIX = 'lockstatus_webhook_'
"""The beginning of the name of a webhook's group."""

OPTS = [
    cfg.ListOpt(
        'webhooks',
        default=[],
        help="""
The names of the webhooks. A webhook is an HTTPS URL that gets the events of
one project's servers.

``nova-lockstatus-watch`` posts the events, and needs ``connection`` for it.
nova-api needs the same list, because it records the changes for each
webhook. The group ``[lockstatus_webhook_name]``, with the name of one
webhook at its end, has the project and the URL.

Possible values:

* names of up to 50 lower-case letters, digits, ``-`` and ``_``, separated by
  commas
"""),
    cfg.ListOpt(
        'webhook_allowed_networks',
        default=[],
        help="""
The networks that the addresses of webhooks must be in, such as
``203.0.113.0/24, 2001:db8::/32``.

If it is empty, each public address is allowed: none that is private,
loopback, link-local, multicast or reserved, that IANA's registries have for
another special purpose, or that clouds use for their metadata service.
"""),
    cfg.IntOpt(
        'webhook_queue',
        default=1000,
        min=1,
        help="""
How many changes of hosts can wait for one webhook. If there are more, the
oldest are given up.
"""),
    cfg.IntOpt(
        'webhook_give_up',
        default=3600,
        min=1,
        help="""
Seconds after which a change of a host is given up. Events that are older are
not posted.
"""),
    cfg.IntOpt(
        'webhook_history',
        default=86400,
        min=0,
        help="""
Seconds for which the plugin's database keeps each event that a webhook has
accepted or refused. ``nova-lockstatus webhook replay`` posts them again.
With 0, none is kept.
"""),
    cfg.IntOpt(
        'webhook_history_events',
        default=10000,
        min=1,
        help="""
How many events are kept for one webhook. If there are more, the oldest are
deleted.
"""),
]

TARGET_OPTS = [
    cfg.StrOpt(
        'project_id',
        help="""
The id of the project whose servers this webhook gets events of.
"""),
    cfg.StrOpt(
        'url',
        secret=True,
        help="""
The URL that the events are posted to. It begins with ``https://``.
"""),
    cfg.StrOpt(
        'secret',
        secret=True,
        help="""
The key of the signatures that each event has. It should be random, and known
to the project alone.

Possible values:

* ``whsec_`` with base64 of 24 to 64 bytes, which the libraries of Standard
  Webhooks take: ``echo whsec_$(openssl rand -base64 32)`` makes one
* any other text, whose bytes are the key
"""),
    cfg.ListOpt(
        'previous_secrets',
        default=[],
        secret=True,
        help="""
Earlier secrets, each of which makes another signature in the header
``webhook-signature``. While the secret is changed, the old one is here until
all receivers have the new one.

Possible values:

* secrets without commas, separated by commas
"""),
    cfg.StrOpt(
        'retries',
        default=QUICK,
        choices=[
            (QUICK, 'after a second, then twice as long each time, up to five '
             'minutes'),
            (STANDARD, 'after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 '
             'and 24 hours, as in Standard Webhooks'),
        ],
        help="""
The pauses before an event is posted again that the webhook has not accepted.

``[lockstatus]webhook_give_up`` limits the time, with either value. The whole
of ``standard`` takes about three days: ``280000`` seconds.
"""),
    cfg.StrOpt(
        'request_origin',
        help="""
The DNS name under which your cloud sends events, such as
``cloud.example.com``.

If it is set, ``nova-lockstatus-watch`` asks the webhook before its first
event whether it accepts events of that name, by CloudEvents' abuse
protection: ``OPTIONS`` with the header ``WebHook-Request-Origin``. Nothing
is posted until the answer has ``WebHook-Allowed-Origin`` with that name or
``*``.
"""),
    cfg.IntOpt(
        'batch',
        default=1,
        min=1,
        max=500,
        help="""
How many events one POST can have. With more than one, each POST is a batch
of CloudEvents, a JSON array with the type
``application/cloudevents-batch+json``, even if it has one event.
"""),
    cfg.IntOpt(
        'parallel',
        default=1,
        min=1,
        max=16,
        help="""
How many POSTs each ``nova-lockstatus-watch`` makes at the same time. The
events of one host stay in their order.
"""),
    cfg.FloatOpt(
        'timeout',
        default=10,
        min=0.1,
        max=60,
        help="""
Seconds that one POST may take in all, from the connection to the answer.
"""),
    cfg.StrOpt(
        'ca_file',
        help="""
A file with the certificates of the authorities, in PEM form, that the
certificate of the URL is checked against. By default they are those of the
system.
"""),
    cfg.BoolOpt(
        'allow_http_to_loopback',
        default=False,
        help="""
Whether the URL may begin with ``http://``. It is then posted to only if its
address is one of the loopback interface, as that of a proxy on the same
machine, and ``webhook_allowed_networks`` has that address.
"""),
]


def group(name: str) -> str:
    """Return the name of the group of a webhook."""
    return GROUP_PREFIX + name


def register_target(conf: cfg.ConfigOpts, name: str) -> None:
    """Register the options of one webhook."""
    conf.register_opts(TARGET_OPTS, group=group(name))
