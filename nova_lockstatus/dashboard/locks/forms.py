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


"""The form that locks servers."""

import json
import uuid
from typing import Any

from django.core import exceptions
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from horizon import forms

from nova_lockstatus.dashboard import feedback
from nova_lockstatus.dashboard import servers
from nova_lockstatus.dashboard.compute import ComputeClient

# NOTE: the limit is Nova's, the column has 255.
MOST_CHARACTERS = 255


class ReasonField(forms.CharField):
    """A text of up to 255 characters of Unicode."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_CHARACTERS, **kwargs)

    def to_python(self, value: Any) -> Any:
        # NOTE: browsers send line ends of two characters.
        return super().to_python(
            value.replace('\r\n', '\n') if value else value)

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        # NOTE: browsers count UTF-16 for maxlength, in which an emoji is two
        # characters.
        attrs: dict[str, Any] = super().widget_attrs(widget)
        attrs.pop('maxlength', None)
        return {**attrs, 'data-lockstatus-counted': 'true'}


class ServersField(forms.CharField):
    """The names of servers by their ids, as JSON."""

    widget = forms.HiddenInput

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value)

    def to_python(self, value: Any) -> dict[str, str]:
        try:
            return {str(uuid.UUID(key)): str(name)
                    for key, name in json.loads(value).items()}
        except (TypeError, ValueError, AttributeError) as exc:
            raise exceptions.ValidationError(
                _('The servers cannot be read.')) from exc


class LockForm(forms.SelfHandlingForm):
    """Locks servers, or gives their locks another reason."""

    servers = ServersField()
    reason = ReasonField(
        label=_('Reason'), required=False,
        widget=forms.Textarea(attrs={'rows': 4}))

    def handle(self, request: Any, data: dict[str, Any]) -> bool:
        """Lock the servers.

        :returns: whether one of them was locked; otherwise the form stays
        """
        outcomes = servers.run_each(
            servers.lock(ComputeClient(request), request.user.tenant_id,
                         data['reason']), list(data['servers']))
        feedback.report(
            request, outcomes, data['servers'], _now('Locked: %(servers)s'),
            _now('Unable to lock %(server)s: %(error)s'))
        return not all(outcome.failure for outcome in outcomes)


class ReasonForm(LockForm):
    """Gives the lock of a server another reason."""

    # NOTE: a lock without a reason leaves the one that is there.
    reason = ReasonField(
        label=_('Reason'), widget=forms.Textarea(attrs={'rows': 4}))
