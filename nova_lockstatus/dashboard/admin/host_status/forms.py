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


"""The form that disables a host."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from horizon import forms
from horizon import messages

from nova_lockstatus.dashboard import hosts
from nova_lockstatus.dashboard.compute import ComputeClient
from nova_lockstatus.dashboard.compute import ComputeError
from nova_lockstatus.dashboard.locks.forms import ReasonField


class DisableForm(forms.SelfHandlingForm):
    """Lets no new server be started on a host."""

    service_id = forms.UUIDField(widget=forms.HiddenInput)
    host = forms.CharField(widget=forms.HiddenInput)
    reason = ReasonField(
        label=_('Reason'), required=False,
        widget=forms.Textarea(attrs={'rows': 4}))

    def handle(self, request: Any, data: dict[str, Any]) -> bool:
        """Disable the host.

        :returns: whether it was; otherwise the form stays
        """
        try:
            hosts.disable(ComputeClient(request), str(data['service_id']),
                          data['reason'])
        except ComputeError as exc:
            messages.error(
                request, _now('Unable to disable %(host)s: %(error)s')
                % {'host': data['host'], 'error': exc})
            return False
        messages.success(
            request, _now('Disabled: %(host)s') % {'host': data['host']})
        return True
