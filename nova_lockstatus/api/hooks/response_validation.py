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

"""Validates a response once, by the schema of the request's microversion.

Nova has a decorator for each range of microversions: 14 on the method of
``GET /servers/detail``. Each serialises the response, parses that, and only
then looks whether its range has the request's microversion. Then Nova's
validator is built for this one validation.

For requests of a pipeline with speedups the decorators share one serialised
and parsed body, and validators are kept. What the compiled schema accepts is
valid. All else is validated by Nova's own validator, and what follows from its
verdict, Nova's decorator does: the log line under ``warn``, the error under
``error``. Nothing is shared between requests but validators, which have no
state, so it makes no difference how Nova's threads run.
"""

from collections.abc import Callable
from typing import Any

from nova.api import validation
from nova.api.openstack import wsgi
from nova.api.validation import validators
from oslo_serialization import jsonutils

from nova_lockstatus import exception
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import response_validation
from nova_lockstatus.core import value_formats
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

# The names that the decorator of response_body_schema() uses.
_DECORATOR = frozenset((
    'CONF', 'api', 'response_validation', 'isinstance', 'wsgi',
    'ResponseObject', 'JSONDictSerializer', 'serialize', 'obj', 'webob',
    'Response', 'body', 'jsonutils', 'loads', '_schema_validation_helper',
    'exception', 'ValidationError', 'LOG'))


def _state() -> RequestState | None:
    """Return the state of a request whose response is validated faster."""
    state = CURRENT.get()
    return state if state and state.pipeline.speedups else None


class _Body:
    """The body of a response, serialised and parsed.

    :param response: what the controller's method has returned
    """

    def __init__(self, response: Any) -> None:
        self.response = response
        self.is_json = True
        """Whether it has no NaN and no infinity, which JSON does not have."""
        self._text = wsgi.JSONDictSerializer().serialize(response)
        self.parsed = self.parse()

    def parse(self) -> Any:
        """Return the parsed body, in objects of its own."""
        return jsonutils.loads(self._text, parse_constant=self._constant)

    def _constant(self, name: str) -> float:
        self.is_json = False
        return float(name)


class _Serializer:
    """Serialises a response for all decorators of a method at once."""

    def __init__(self, state: RequestState) -> None:
        self._state = state

    def serialize(self, response: Any) -> _Body:
        """Return the body of a response, the same one for the same."""
        body = self._state.response_body
        if not isinstance(body, _Body) or body.response is not response:
            body = self._state.response_body = _Body(response)
        return body


class _Wsgi:
    """Stands for the module ``wsgi`` in that of Nova's decorators."""

    def __getattr__(self, name: str) -> Any:
        return getattr(wsgi, name)

    def JSONDictSerializer(self) -> Any:
        """Return what the decorator serialises the response with."""
        state = _state()
        return (wsgi.JSONDictSerializer() if state is None
                else _Serializer(state))


class _Jsonutils:
    """Stands for the module ``jsonutils`` in that of Nova's decorators."""

    def __getattr__(self, name: str) -> Any:
        return getattr(jsonutils, name)

    def loads(self, text: Any, *args: Any, **kwargs: Any) -> Any:
        """Parse what the decorator has serialised."""
        if isinstance(text, _Body):
            return text
        return jsonutils.loads(text, *args, **kwargs)


class _Validator:
    """A validator of one schema, for all requests.

    :param novas: that of jsonschema, with Nova's keywords and formats
    :param accepts: accepts only what Nova's accepts, and is faster; None where
        Nova's takes keys out of the body
    """

    def __init__(self, novas: Any,
                 accepts: response_validation.Accepts | None) -> None:
        self._novas = novas
        self._accepts = accepts

    def validate(self, target: Any) -> None:
        """Validate what the decorators of Nova have at hand.

        :param target: the body of a request or of a response, or a query
        """
        if isinstance(target, _Body):
            if self._accepts is None:
                target = target.parse()
            elif target.is_json and self._accepts(target.parsed):
                return
            else:
                target = target.parsed
        self._novas.validate(target)


class _Validators:
    """The validators of all schemas, made when they are first used."""

    def __init__(self) -> None:
        self._attributes: dict[tuple[int, bool, bool], dict[str, Any]] = {}
        self._schemas: list[Any] = []
        self._formats: value_formats.Formats | None = None

    def fill(self, original: Callable[..., Any], validator: Any, schema: Any,
             relax_additional_properties: bool = False,
             is_body: bool = True) -> None:
        """Initialise Nova's validator, with what is there already."""
        args = schema, relax_additional_properties, is_body
        if _state() is None:
            original(validator, *args)
            return
        key = id(schema), bool(relax_additional_properties), bool(is_body)
        if key not in self._attributes:
            original(validator, *args)
            # A schema that is gone must not leave its id to another one.
            self._schemas.append(schema)
            self._attributes[key] = {**vars(validator), 'validator': (
                _Validator(validator.validator,
                           None if relax_additional_properties
                           else self._accepts(schema, validator.validator)))}
        vars(validator).update(self._attributes[key])

    def _accepts(self, schema: Any, novas: Any) -> response_validation.Accepts:
        if self._formats is None:
            self._formats = value_formats.Formats(validators._FORMAT_CHECKER)
        return (response_validation.compile_schema(schema, self._formats)
                or response_validation.accepting(
                    novas.evolve(format_checker=self._formats).is_valid))


# NOTE: Nova's decorator makes one of these in each call whose microversion its
# range has, since before release 20, and calls validate() of the validator
# that it has.
HOOKS = (
    Hook('nova.api.validation.validators:_SchemaValidator', '__init__',
         ('self', 'schema', 'relax_additional_properties', 'is_body'),
         _Validators().fill,
         relies_on=('nova.api.validation.validators:_FORMAT_CHECKER',
                    'nova.api.openstack.wsgi:JSONDictSerializer.serialize')),
)


def misfit() -> str | None:
    """Return what is not as expected where Nova validates responses.

    :returns: a part of a sentence, None where all is
    """
    # NOTE: since release 30. All decorated functions have one code, which
    # looks up wsgi and jsonutils in the decorator's module when it is called,
    # and changes nothing of the response. A method that returns the response
    # of another one does not change it either: that is create() of
    # InterfaceAttachmentController alone.
    decorator = getattr(validation, 'response_body_schema', None)
    if decorator is None:
        return 'it validates none'
    try:
        names = decorator({})(lambda: None).__code__.co_names
        draft = validators._SchemaValidator.validator_org.__name__
        for hook in HOOKS:
            hook.check()
    except exception.HookMismatch as error:
        return str(error).partition('Nova: ')[2].rstrip('.')
    except Exception as error:
        return 'its way to do that is not known (%r)' % error
    if set(names) != _DECORATOR:
        return 'its decorator response_body_schema is another one'
    if draft != 'Draft202012Validator':
        return 'its schemas are of another draft of JSON Schema'
    return None


def install() -> None:
    """Have the responses of pipelines with speedups validated faster.

    Where Nova validates in a way that is not known, it goes on alone.
    """
    problem = misfit()
    if problem is not None:
        LOG.info('[lockstatus]speedups does not speed up the validation of '
                 'responses by this Nova: %s.', problem)
        return
    for hook in HOOKS:
        hook.install()
    validation.wsgi = _Wsgi()
    validation.jsonutils = _Jsonutils()
