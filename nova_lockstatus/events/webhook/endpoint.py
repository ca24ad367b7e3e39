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

"""Reads the webhooks that are configured."""

import dataclasses
import hashlib
import urllib.parse

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.conf import webhooks
from nova_lockstatus.events import sinks
from nova_lockstatus.events.webhook import standard_webhooks

SCHEMES = {'https': 443, 'http': 80}
"""The default port of each scheme."""


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A webhook, as it is configured.

    :param name: its name in [lockstatus]webhooks
    :param project_id: the project for whose servers it gets events
    :param is_tls: whether its URL begins with https
    :param host: the name or the address in its URL
    :param port: the port to connect to
    :param authority: host and port, as the URL has them
    :param path: the rest of the URL, with the query
    :param secret: the key of its signatures
    :param previous_secrets: make signatures, too, while the secret is changed
    :param retries: when it is tried again after a failure, by name
    :param request_origin: the name of the sender that it is asked to allow,
        None not to ask
    :param batch: the number of events that one POST can have; with more than
        one, each POST is a batch
    :param parallel: the number of POSTs at the same time
    :param timeout: seconds that one POST may take
    :param ca_file: the file of the trusted certificates, None for the system's
    """

    name: str
    project_id: str
    is_tls: bool
    host: str
    port: int
    authority: str
    path: str
    secret: str = dataclasses.field(repr=False)
    previous_secrets: tuple[str, ...] = dataclasses.field(repr=False)
    retries: str
    request_origin: str | None
    batch: int
    parallel: int
    timeout: float
    ca_file: str | None

    @property
    def sink(self) -> str:
        """Return the name of its sink in the outbox."""
        return sinks.webhook(self.name)

    @property
    def url_digest(self) -> str:
        """Return a digest of the URL, which may contain a token."""
        return hashlib.sha256(('%d %s %s' % (
            self.is_tls, self.authority, self.path)).encode()).hexdigest()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return all secrets, the current one first."""
        return (self.secret, *self.previous_secrets)


def read(conf: cfg.ConfigOpts) -> list[Endpoint]:
    """Read the webhooks that are configured.

    :raises InvalidWebhook: when the configuration of one is not valid
    """
    names = conf.lockstatus.webhooks
    for name in names:
        if not webhooks.NAME.fullmatch(name):
            raise exception.InvalidWebhook(
                name=name, problem='a name has up to 50 lower-case letters, '
                'digits, - and _')
        if names.count(name) > 1:
            raise exception.InvalidWebhook(
                name=name, problem='[lockstatus]webhooks names it twice')
    return [_read(conf, name) for name in names]


def _read(conf: cfg.ConfigOpts, name: str) -> Endpoint:
    webhooks.register_target(conf, name)
    group = webhooks.group(name)
    options = conf[group]
    for option in ('project_id', 'url', 'secret'):
        if not (options[option] or '').strip():
            raise exception.InvalidWebhook(
                name=name, problem='[%s]%s is not set' % (group, option))
    try:
        url = _parse(options.url, options.allow_http_to_loopback)
        port = url.port
    except ValueError as error:
        # Without the URL, which may contain a password or a token.
        raise exception.InvalidWebhook(
            name=name, problem='[%s]url %s' % (group, error)) from None
    _check_secrets(name, options)
    assert url.hostname is not None
    return Endpoint(
        name=name, project_id=options.project_id.strip(),
        is_tls=url.scheme == 'https', host=url.hostname,
        port=port or SCHEMES[url.scheme], authority=url.netloc,
        path=(url.path or '/') + ('?' + url.query if url.query else ''),
        secret=options.secret,
        previous_secrets=tuple(options.previous_secrets),
        retries=options.retries,
        request_origin=_read_origin(name, options),
        batch=options.batch, parallel=options.parallel,
        timeout=options.timeout, ca_file=options.ca_file or None)


def _read_origin(name: str, options: cfg.ConfigOpts.GroupAttr) -> str | None:
    origin = (options.request_origin or '').strip()
    if origin and not webhooks.ORIGIN.fullmatch(origin):
        raise exception.InvalidWebhook(
            name=name, problem='[%s]request_origin is no name of a host'
            % webhooks.group(name))
    return origin or None


def _check_secrets(name: str, options: cfg.ConfigOpts.GroupAttr) -> None:
    """Check that each secret can make signatures."""
    for option, secrets in (('secret', [options.secret]),
                            ('previous_secrets', options.previous_secrets)):
        for secret in secrets:
            try:
                standard_webhooks.key(secret)
            except ValueError as error:
                # Without the cause, which may have a part of the secret.
                raise exception.InvalidWebhook(
                    name=name, problem='[%s]%s %s' % (
                        webhooks.group(name), option, error)) from None


def _parse(text: str, allows_http: bool) -> urllib.parse.SplitResult:
    """Parse a URL.

    :raises ValueError: when a webhook cannot have it; the message continues a
        sentence that begins with the name of the option
    """
    if not all('!' <= character <= '~' for character in text):
        raise ValueError('has characters that no URL has')
    try:
        url = urllib.parse.urlsplit(text)
        is_url = bool(url.hostname) and url.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise ValueError('is no URL of a host')
    if url.scheme != 'https' and not (allows_http and url.scheme == 'http'):
        raise ValueError('does not begin with https://')
    if '@' in url.netloc:
        raise ValueError('has the name of a user in it')
    return url
