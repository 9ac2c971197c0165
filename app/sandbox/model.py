"""AWS's own service models, compiled into quick checks of requests and shapes of answers.

Knows the rules of the models, and each service's error messages for them, but not what an operation does.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from app.sandbox.errors import AwsError

Check = Callable[[Any, str], None]
Shape = Callable[[Any], Any]
SERVICES = ("lightsail", "ecr", "sts")


class Breach(Exception):  # noqa: N818  (what a request breaks; `worded` turns it into the service's error)
    """A rule of the model that a request breaks."""

    def __init__(self, path: str, value: Any, rule: str) -> None:
        super().__init__(path, rule)
        self.path = path
        self.value = value
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `check` raises what its service answers to a bad request, `shape` refuses a bad answer."""

    service: str
    name: str
    check: Callable[[Any], None]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    target: str
    operations: dict[str, Operation]


@functools.cache
def services() -> dict[str, Service]:
    """Return the services by the name that requests are signed for."""
    loader = Loader()
    return {name: _service(ServiceModel(loader.load_service_model(name, "service-2"), name)) for name in SERVICES}


class _Operations(dict[str, Operation]):
    """Compiled on first use, as Lightsail's model has hundreds."""

    def __init__(self, model: ServiceModel) -> None:
        super().__init__()
        self.model = model
        self.names = frozenset(model.operation_names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __missing__(self, name: str) -> Operation:
        if name not in self.names:
            raise KeyError(name)
        model = self.model.operation_model(name)
        check = _checker(model.input_shape) if model.input_shape else _accept
        shape = _shaper(model.output_shape) if model.output_shape else None
        worded = functools.partial(_checked, self.model.service_name, check)
        return self.setdefault(name, Operation(self.model.service_name, name, worded, shape or _same))


def _service(model: ServiceModel) -> Service:
    return Service(model.service_name, model.metadata.get("targetPrefix", ""), _Operations(model))


def _checked(service: str, check: Check, params: Any) -> None:
    try:
        check(params, "")
    except Breach as breach:
        raise worded(service, breach) from None


def worded(service: str, breach: Breach) -> AwsError:
    """Return this service's error for a request that breaks the rule."""
    if service == "ecr":
        path = "PolicyText" if breach.path == "policyText" else breach.path
        rule = "Cannot be null" if breach.value is None else breach.rule.replace("Member must satisfy", "must satisfy")
        rule = rule.replace("expression pattern: ", "expression ")
        return AwsError(
            "InvalidParameterException", f"Invalid parameter at '{path}' failed to satisfy constraint: '{rule}'"
        )
    value = "null" if breach.value is None else f"'{breach.value}'"
    message = (
        f"1 validation error detected: Value {value} at '{breach.path}' failed to satisfy constraint: {breach.rule}"
    )
    return AwsError("InvalidInputException", message)


def _accept(value: Any, path: str) -> None:
    """Accept anything."""


def _same(value: Any) -> Any:
    return value


def _checker(shape: Any, within: frozenset[str] = frozenset()) -> Check:
    if shape.name in within:
        return _accept
    inner = within | {shape.name}
    checkers: dict[str, Callable[[], Check]] = {
        "structure": lambda: _structure_check(shape, inner),
        "list": lambda: _list_check(shape, _checker(shape.member, inner)),
        "map": lambda: _map_check(_checker(shape.value, inner)),
        "string": lambda: _string_check(shape),
        "boolean": lambda: _boolean_check,
        "timestamp": lambda: _timestamp_check,
        **dict.fromkeys(("integer", "long", "float", "double"), lambda: _number_check(shape)),
    }
    return checkers.get(shape.type_name, lambda: _accept)()


def _wrong_type(value: Any, type_name: str) -> AwsError:
    names = {dict: "START_OBJECT", list: "START_ARRAY", str: "STRING_VALUE", bool: "TRUE_VALUE"}
    given = names.get(type(value), "NUMBER_VALUE")
    return AwsError("SerializationException", f"{given} can not be converted to {type_name}")


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _structure_check(shape: Any, within: frozenset[str]) -> Check:
    members = {name: _checker(member, within) for name, member in shape.members.items()}
    required = tuple(shape.required_members)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise _wrong_type(value, "a Structure")
        breach = None
        for name, given in value.items():
            if given is not None and name in members:
                try:
                    members[name](given, _at(path, name))
                except Breach as found:  # raised after all types are checked, as AWS parses before it validates
                    breach = breach or found
        for name in required:
            if value.get(name) is None:
                raise Breach(_at(path, name), None, "Member must not be null")
        if breach:
            raise breach

    return check


def _bounds(shape: Any, what: str) -> Check:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    measure: Callable[[Any], Any] = len if what == "length" else _same

    def check(value: Any, path: str) -> None:
        if least is not None and measure(value) < least:
            raise Breach(path, value, f"Member must have {what} greater than or equal to {least}")
        if most is not None and measure(value) > most:
            raise Breach(path, value, f"Member must have {what} less than or equal to {most}")

    return check


def _list_check(shape: Any, member: Check) -> Check:
    bounds = _bounds(shape, "length")

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise _wrong_type(value, "a List")
        bounds(value, path)
        for number, item in enumerate(value, 1):
            member(item, f"{path}.{number}.member")

    return check


def _map_check(member: Check) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise _wrong_type(value, "a Map")
        for key, item in value.items():
            member(item, _at(path, key))

    return check


def _string_check(shape: Any) -> Check:
    bounds = _bounds(shape, "length")
    given_pattern = shape.metadata.get("pattern", "").replace("\\/", "/")
    pattern = re.compile(given_pattern, re.DOTALL) if given_pattern and "\\u" not in given_pattern else None
    choices = shape.metadata.get("enum")

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise _wrong_type(value, "a String")
        bounds(value, path)
        if choices and value not in choices:
            raise Breach(path, value, f"Member must satisfy enum value set: [{', '.join(choices)}]")
        if pattern and not pattern.fullmatch(value):
            raise Breach(path, value, f"Member must satisfy regular expression pattern: '{given_pattern}'")

    return check


def _number_check(shape: Any) -> Check:
    bounds = _bounds(shape, "value")
    whole = shape.type_name in {"integer", "long"}

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise _wrong_type(value, "an Integer" if whole else "a Float")
        bounds(value, path)

    return check


def _boolean_check(value: Any, path: str) -> None:  # noqa: ARG001  (the signature of every check)
    if not isinstance(value, bool):
        raise _wrong_type(value, "a Boolean")


def _timestamp_check(value: Any, path: str) -> None:  # noqa: ARG001  (as above)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(value, "a Timestamp")


def _shaper(shape: Any) -> Shape | None:
    """Return a function that copies an answer and raises KeyError for a member not in the model; None for scalars."""
    if shape.type_name == "structure":
        members = {name: _shaper(member) for name, member in shape.members.items()}

        def structure(value: dict[str, Any]) -> dict[str, Any]:
            return {
                name: item if (inner := members[name]) is None or item is None else inner(item)
                for name, item in value.items()
            }

        return structure
    inner = {"list": lambda: _shaper(shape.member), "map": lambda: _shaper(shape.value)}.get(shape.type_name, _no)()
    if inner is None:
        return None
    if shape.type_name == "list":
        return lambda value: [inner(item) for item in value]
    return lambda value: {key: inner(item) for key, item in value.items()}


def _no() -> None:
    return None
