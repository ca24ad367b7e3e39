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

"""The plugin's exceptions, each with a message of one line."""

from typing import Any


class LockStatusException(Exception):
    """Base of the plugin's exceptions.

    :param kwargs: the values that ``msg_fmt`` names
    """

    msg_fmt = 'An unknown problem occurred in nova-lockstatus.'

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(self.msg_fmt % kwargs)


class UnsupportedNova(LockStatusException):
    msg_fmt = ('nova-lockstatus needs Nova %(oldest)s or newer, and this is '
               'Nova %(found)s.')


class HookMismatch(LockStatusException):
    msg_fmt = ('nova-lockstatus does not fit the installed Nova: %(target)s '
               '%(problem)s.')


class InvalidPasteOption(LockStatusException):
    msg_fmt = ("The filter section of api-paste.ini sets '%(option)s', which "
               'nova-lockstatus does not know; it knows %(known)s.')


class ExtensionNotFound(LockStatusException):
    msg_fmt = ("No installed package has the extension '%(alias)s' that "
               'enabled_extensions names; installed are %(installed)s.')


class DuplicateExtension(LockStatusException):
    msg_fmt = "The extension '%(alias)s' %(problem)s."


class BrokenExtension(LockStatusException):
    msg_fmt = "The extension '%(alias)s' cannot be used: %(problem)s."


class InvalidExemption(LockStatusException):
    msg_fmt = ("The option state_lock_exempt names '%(name)s', which is no "
               'call of the installed Nova that changes a server.')


class HostStatusUnread(LockStatusException):
    msg_fmt = 'The compute service of host %(host)s could not be read.'


class SystemMetadataUnread(LockStatusException):
    msg_fmt = 'The system metadata of server %(uuid)s could not be read.'


class LockUnread(LockStatusException):
    msg_fmt = 'The records of the lock of server %(uuid)s could not be read.'


class InvalidLockTime(LockStatusException):
    # The text of Nova's schemas.
    msg_fmt = ('Invalid input for field/attribute locked_until. '
               'Value: %(value)s. %(problem)s.')


class InvalidLock(LockStatusException):
    # The text of Nova's schemas.
    msg_fmt = 'Invalid input for field/attribute lock. %(problem)s.'


class InvalidSearch(LockStatusException):
    # The text of Nova's query schemas.
    msg_fmt = ('Invalid input for query parameters %(key)s. '
               'Value: %(value)s. %(value)r is not one of %(values)r')


class InvalidExpression(LockStatusException):
    # The text of Nova's query schemas.
    msg_fmt = ('Invalid input for query parameters %(key)s. '
               "Value: %(value)s. %(value)r is not a 'regex'")


class UnmatchedExpression(LockStatusException):
    msg_fmt = ('Invalid input for query parameters %(key)s. '
               'Value: %(value)s. %(value)r matches none of %(values)r')


class PasteFileNotUnderstood(LockStatusException):
    msg_fmt = '%(path)s is left as it is: %(problem)s.'


class PasteFileNotFound(LockStatusException):
    msg_fmt = ('%(problem)s; name the file with --api-paste, or set '
               'OS_NOVA_CONFIG_DIR and OS_NOVA_CONFIG_FILES as nova-api has '
               'them.')


class PasteFileUnreadable(LockStatusException):
    msg_fmt = 'Cannot read %(path)s: %(reason)s.'


class PasteFileUnwritable(LockStatusException):
    msg_fmt = '%(path)s is left as it is, it cannot be replaced: %(reason)s.'


class FileUnwritable(LockStatusException):
    msg_fmt = '%(path)s cannot be written: %(reason)s.'


class NoTerminal(LockStatusException):
    msg_fmt = ('There is no terminal to ask on: add --yes to change %(path)s, '
               'or --dry-run to see what would change.')


class NovaNotUsable(LockStatusException):
    msg_fmt = ('Nova cannot be imported (%(reason)s): run the command with '
               'the Python environment of nova-api.')


class ConfigurationUnreadable(LockStatusException):
    msg_fmt = 'The configuration of Nova cannot be read: %(reason)s.'


class CellsUnread(LockStatusException):
    msg_fmt = ('The cells cannot be read from the database that '
               '[api_database]connection names: %(reason)s.')


class StoreNotConfigured(LockStatusException):
    msg_fmt = ('[lockstatus]connection is not set: it names the database that '
               'nova-lockstatus keeps its own records in.')


class StoreUrlInvalid(LockStatusException):
    # The value is left out, as it has a password in it.
    msg_fmt = '[lockstatus]connection cannot be used: %(problem)s.'


class StoreUnreachable(LockStatusException):
    msg_fmt = ('The database that [lockstatus]connection names cannot be '
               'used: %(reason)s.')


class StoreNotSynced(LockStatusException):
    msg_fmt = ('The database that [lockstatus]connection names does not have '
               'the tables of this nova-lockstatus: run "nova-lockstatus db '
               'sync".')


class StoreNewer(LockStatusException):
    msg_fmt = ('The tables in the database that [lockstatus]connection names '
               'are those of a newer nova-lockstatus (%(found)s, and this one '
               'knows %(known)s): upgrade nova-lockstatus here, too.')


class StoreTableForeign(LockStatusException):
    msg_fmt = ('The database that [lockstatus]connection names has a table '
               '%(table)s that nova-lockstatus has not made: name a database '
               'of its own.')


class MetricsLibraryMissing(LockStatusException):
    msg_fmt = ('[lockstatus]metrics_port is set, and the Python library '
               'prometheus_client cannot be imported (%(reason)s): install '
               'nova-lockstatus[metrics].')


class MetricsPortUnusable(LockStatusException):
    msg_fmt = ('The metrics cannot be served at the address and the port that '
               '[lockstatus]metrics_bind and metrics_port name, %(address)s '
               'and %(port)s: %(reason)s.')


class NoAnswer(LockStatusException):
    msg_fmt = 'There was no answer for %(seconds)s seconds.'


class InvalidWebhook(LockStatusException):
    msg_fmt = "The webhook '%(name)s' cannot be used: %(problem)s."


class InvalidWebhookNetwork(LockStatusException):
    msg_fmt = ('[lockstatus]webhook_allowed_networks cannot be used: '
               '%(problem)s.')


class WebhookNotReached(LockStatusException):
    msg_fmt = 'It cannot be reached: %(reason)s.'


class WebhookAddressNotAllowed(LockStatusException):
    msg_fmt = ('Its address is none that it may have: %(addresses)s. Name its '
               'network in [lockstatus]webhook_allowed_networks if it is '
               'right; without that option, only public addresses are '
               'allowed.')


class WebhookConsentMissing(LockStatusException):
    msg_fmt = ('It does not allow events of %(origin)s: OPTIONS was answered '
               'with the status %(status)s, and needs a status of 2xx and '
               'the header WebHook-Allowed-Origin with that name or *. If '
               'the receiver cannot answer so, take request_origin out of its '
               'group.')


class WebhookNotTaken(LockStatusException):
    msg_fmt = 'The event was answered with the status %(status)s.'


class WebhookUnknown(LockStatusException):
    msg_fmt = ("'%(name)s' is no webhook of [lockstatus]webhooks, which has: "
               '%(known)s.')


class WebhookIsOff(LockStatusException):
    msg_fmt = ('The webhook %(name)s is off: it has answered with 410 Gone at '
               '%(gone_at)s. If its receiver wants events again, run '
               '"nova-lockstatus webhook enable %(name)s".')
