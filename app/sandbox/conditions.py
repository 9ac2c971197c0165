"""Whether a request meets a statement's `Condition`, by IAM's rules. Pure.

A test of a key that the request lacks is not met, unless it is a negated one, an `…IfExists`, a `ForAllValues:` or a
`Null` that requires this (IAM User Guide, "Condition operators" and "Set operators for multivalued context keys").
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.sandbox.matching import Lookup, Pattern, UnresolvedVariable, Wildcard, literal, matches, pattern_of
from app.sandbox.request_context import RequestContext

Compare = Callable[[str, Pattern], bool]
ARN_PARTS = 6


def are_met(condition: Any, context: RequestContext, version: str) -> bool:
    """Return whether the request meets every test of the condition.

    Args:
        condition: the statement's `Condition`, as written; one that is not an object of objects is never met.
        context: the request's keys and values.
        version: the document's Version: variables are replaced only under 2012-10-17.
    """
    lookup = context.single if version == "2012-10-17" else None
    if not isinstance(condition, Mapping):
        return False
    for name, keys in condition.items():
        test = _test_of(name)
        if test is None or not isinstance(keys, Mapping):
            return False
        if not all(_is_met(test, key, _texts(expected), context, lookup) for key, expected in keys.items()):
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Test:
    """A parsed operator."""

    compare: Compare
    is_negated: bool = False
    if_exists: bool = False
    qualifier: str = ""
    is_null: bool = False


def _test_of(name: str) -> _Test | None:
    qualifier, _, rest = name.rpartition(":")
    base = rest.removesuffix("IfExists")
    if qualifier not in {"", "ForAllValues", "ForAnyValue"}:
        return None
    if base == "Null":
        return _Test(_is_same_bool, is_null=True)
    compare = COMPARISONS.get(base)
    is_negated = compare is None and "Not" in base
    if is_negated:
        compare = COMPARISONS.get(base.replace("Not", "", 1))
    return _Test(compare, is_negated, rest != base, qualifier) if compare else None


def _texts(expected: Any) -> list[str]:
    values = expected if isinstance(expected, list) else [expected]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


def _is_met(test: _Test, key: str, expected: list[str], context: RequestContext, lookup: Lookup | None) -> bool:
    actual = context.get(key)
    if actual is None and context.is_open:
        return False
    if test.is_null:
        return any(value.lower() == ("true" if actual is None else "false") for value in expected)
    if actual is None:
        return _is_met_without(test)
    patterns = list(_patterns(expected, lookup))
    given = (actual,) if isinstance(actual, str) else actual
    hits = [any(test.compare(value, pattern) for pattern in patterns) for value in given]
    if test.qualifier == "ForAllValues":
        return all(hit is not test.is_negated for hit in hits)
    if test.qualifier == "ForAnyValue":
        return any(hit is not test.is_negated for hit in hits)
    return any(hits) is not test.is_negated


def _is_met_without(test: _Test) -> bool:
    """Return whether a test is met by a request that lacks its key."""
    if test.if_exists or test.qualifier == "ForAllValues":
        return True
    return test.is_negated and test.qualifier != "ForAnyValue"


def _patterns(expected: list[str], lookup: Lookup | None) -> Iterator[Pattern]:
    for text in expected:
        try:
            yield pattern_of(text, lookup)
        except UnresolvedVariable:
            continue


def _is_same(actual: str, expected: Pattern) -> bool:
    return actual == literal(expected)


def _is_same_but_for_case(actual: str, expected: Pattern) -> bool:
    return actual.casefold() == literal(expected).casefold()


def _is_same_bool(actual: str, expected: Pattern) -> bool:
    return actual.lower() == literal(expected).lower()


def _is_same_binary(actual: str, expected: Pattern) -> bool:
    try:
        return base64.b64decode(actual, validate=True) == base64.b64decode(literal(expected), validate=True)
    except (binascii.Error, ValueError):
        return False


def _is_like_arn(actual: str, expected: Pattern) -> bool:
    """Return whether each of the six parts matches, so that a wildcard crosses a colon only in the last part."""
    parts, patterns = actual.split(":", ARN_PARTS - 1), _arn_parts(expected)
    if len(parts) != ARN_PARTS or len(patterns) != ARN_PARTS:
        return False
    return all(matches(part, pattern) for part, pattern in zip(parts, patterns, strict=True))


def _arn_parts(expected: Pattern) -> list[Pattern]:
    parts: list[list[str | Wildcard]] = [[]]
    for sign in (each for text in expected for each in ([text] if isinstance(text, Wildcard) else text)):
        if sign == ":" and len(parts) < ARN_PARTS:
            parts.append([])
        else:
            parts[-1].append(sign)
    return list(parts)


def _is_in_network(actual: str, expected: Pattern) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(literal(expected), strict=False)
    except ValueError:
        return False


def _number(text: str) -> float:
    """Return the number, or NaN, which compares with nothing."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _moment(text: str) -> float:
    """Return an ISO 8601 date or such a number as seconds since 1970; NaN for anything else."""
    if not math.isnan(number := _number(text)):
        return number
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _compared(measure: Callable[[str], float], relation: Callable[[float, float], bool]) -> Compare:
    return lambda actual, expected: relation(measure(actual), measure(literal(expected)))


RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
COMPARISONS: dict[str, Compare] = {
    "StringEquals": _is_same,
    "StringEqualsIgnoreCase": _is_same_but_for_case,
    "StringLike": matches,
    "Bool": _is_same_bool,
    "BinaryEquals": _is_same_binary,
    "ArnEquals": _is_like_arn,
    "ArnLike": _is_like_arn,
    "IpAddress": _is_in_network,
    **{f"Numeric{name}": _compared(_number, relation) for name, relation in RELATIONS.items()},
    **{f"Date{name}": _compared(_moment, relation) for name, relation in RELATIONS.items()},
}
