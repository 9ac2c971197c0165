"""Compares a value in a condition with a value of the request, by AWS's condition operators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt

from app.policy.context_keys import Hidden, KeyType, RequestContext, Value, fact_of
from app.policy.glob import Gap, Glob, Piece, pieces_of

_ARN_PARTS = 6
_LONGEST_NUMBER = 40
_LONGEST_EPOCH = 12
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
# W3C's profile of ISO 8601, which is what AWS documents; Python also reads other forms.
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)

Answer = bool | None
Matcher = Callable[[str, Value, RequestContext, bool], Answer]


@dataclass(frozen=True)
class Compare:
    """An operator without its negation: the key types it accepts, and how a policy's value matches a request's."""

    types: frozenset[KeyType]
    match: Matcher
    negated: bool = False

    def matches(self, written: str, given: Value, request: RequestContext, key: str, *, variables: bool) -> bool | None:
        """Return whether the policy's value matches the request's; None if that is unknown."""
        fact = fact_of(key)
        if fact is None or fact.type not in self.types:
            return None
        return self.match(written, given, request, variables)


def moment(text: str) -> float | None:
    """Return a policy's date (ISO 8601 or seconds) as seconds since 1970; None for anything else."""
    if text.isascii() and text.isdecimal():
        return float(text) if 5 <= len(text) <= _LONGEST_EPOCH else None
    if len(text) > _LONGEST_NUMBER or not _DATE.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def resolved(written: str, request: RequestContext, *, wildcards: bool) -> list[Piece] | None:
    """Return a policy's value in pieces, with each `${…}` replaced; None if one of them is unknown."""
    pieces: list[Piece] = []
    for text, is_variable in _split(written):
        value = _variable(text, request) if is_variable else None
        if is_variable and value is None:
            return None
        if value is not None:
            pieces.append(value)
        else:
            pieces += pieces_of(text) if wildcards else [text]
    return pieces


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of the text: each with whether it was inside `${` and `}`."""
    at = 0
    while (start := text.find("${", at)) >= 0 and (end := text.find("}", start)) >= 0:
        yield text[at:start], False
        yield text[start + 2 : end], True
        at = end + 1
    yield text[at:], False


def _variable(text: str, request: RequestContext) -> str | None:
    if text in ("*", "?", "$"):
        return text
    key, _, default = (part.strip() for part in text.partition(","))
    possible = request.possible(key.lower())
    if possible == (None,) and len(default) >= 2 and default[0] == default[-1] == "'":
        return default[1:-1]
    values = possible[0] if len(possible) == 1 else None
    value = values[0] if values is not None and len(values) == 1 else None
    return value if isinstance(value, str) else None


def _string(*, wildcards: bool, fold: bool = False) -> Matcher:
    def match(written: str, given: Value, request: RequestContext, variables: bool) -> Answer:
        pieces = _pieces(written, request, wildcards=wildcards, variables=variables)
        if pieces is None:
            return None
        if fold:
            pieces = [piece.lower() if isinstance(piece, str) else piece for piece in pieces]
        pattern = Glob.of(pieces)
        if isinstance(given, Hidden):
            return _may_match(pattern, given, fold=fold)
        return pattern.matches(given.lower() if fold else given)

    return match


def _pieces(written: str, request: RequestContext, *, wildcards: bool, variables: bool) -> list[Piece] | None:
    if variables:
        return resolved(written, request, wildcards=wildcards)
    return list(pieces_of(written)) if wildcards else [written]


def _may_match(pattern: Glob, given: Hidden, *, fold: bool = False) -> Answer:
    head = given.head.lower() if fold else given.head
    if not (pattern.head.startswith(head) or head.startswith(pattern.head)):
        return False
    if pattern.pieces[len(pattern.head) > 0 :] == (Gap(0, open=True),) and head.startswith(pattern.head):
        return True
    written_out = pattern.is_literal or "/" in pattern.head
    if given.foreign and written_out and pattern.head.partition("/")[0] != given.perhaps:
        return False
    return None


def _arn(written: str, given: Value, request: RequestContext, variables: bool) -> Answer:
    pieces = _pieces(written, request, wildcards=True, variables=variables)
    if isinstance(given, Hidden):
        return None
    parts = _arn_parts(pieces) if pieces is not None else None
    values = given.split(":", _ARN_PARTS - 1)
    if parts is None or len(values) < _ARN_PARTS:
        return None
    return all(Glob.of(part).matches(value) for part, value in zip(parts, values, strict=True))


def _arn_parts(pieces: list[Piece]) -> list[list[Piece]] | None:
    """Split the pieces into the six parts of an ARN: a wildcard stays within its part."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Gap):
            parts[-1].append(piece)
            continue
        first, *rest = piece.split(":", _ARN_PARTS - len(parts))
        parts[-1].append(first)
        parts += [[part] for part in rest]
    return parts if len(parts) == _ARN_PARTS else None


def _bool(written: str, given: Value, _request: RequestContext, _variables: bool) -> Answer:
    if isinstance(given, Hidden) or written.lower() not in ("true", "false"):
        return None
    return written.lower() == given.lower()


def _ordered(read: Callable[[str], float | None], test: Callable[[float, float], bool]) -> Matcher:
    def match(written: str, given: Value, _request: RequestContext, _variables: bool) -> Answer:
        limit = read(written)
        value = None if isinstance(given, Hidden) else read(given)
        return None if limit is None or value is None else test(value, limit)

    return match


def _number(text: str) -> float | None:
    return float(text) if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) else None


def _unknown(_written: str, _given: Value, _request: RequestContext, _variables: bool) -> Answer:
    return None


_STRINGS = frozenset({KeyType.STRING, KeyType.ARN, KeyType.BOOL, KeyType.NUMERIC})
_ARNS = frozenset({KeyType.ARN})
_NUMBERS = frozenset({KeyType.NUMERIC, KeyType.EPOCH})
_DATES = frozenset({KeyType.DATE, KeyType.EPOCH})
_ORDERS = {"lessthan": lt, "lessthanequals": le, "greaterthan": gt, "greaterthanequals": ge}

COMPARISONS: dict[str, Compare] = {
    "stringequals": Compare(_STRINGS, _string(wildcards=False)),
    "stringnotequals": Compare(_STRINGS, _string(wildcards=False), negated=True),
    "stringequalsignorecase": Compare(_STRINGS, _string(wildcards=False, fold=True)),
    "stringnotequalsignorecase": Compare(_STRINGS, _string(wildcards=False, fold=True), negated=True),
    "stringlike": Compare(_STRINGS, _string(wildcards=True)),
    "stringnotlike": Compare(_STRINGS, _string(wildcards=True), negated=True),
    "arnequals": Compare(_ARNS, _arn),
    "arnlike": Compare(_ARNS, _arn),
    "arnnotequals": Compare(_ARNS, _arn, negated=True),
    "arnnotlike": Compare(_ARNS, _arn, negated=True),
    "bool": Compare(frozenset({KeyType.BOOL}), _bool),
    "numericequals": Compare(_NUMBERS, _ordered(_number, eq)),
    "numericnotequals": Compare(_NUMBERS, _ordered(_number, eq), negated=True),
    "dateequals": Compare(_DATES, _ordered(moment, eq)),
    "datenotequals": Compare(_DATES, _ordered(moment, eq), negated=True),
    # For the keys of these types, only their absence is ever known.
    "ipaddress": Compare(frozenset(), _unknown),
    "notipaddress": Compare(frozenset(), _unknown, negated=True),
    "binaryequals": Compare(frozenset(), _unknown),
    **{f"numeric{name}": Compare(_NUMBERS, _ordered(_number, test)) for name, test in _ORDERS.items()},
    **{f"date{name}": Compare(_DATES, _ordered(moment, test)) for name, test in _ORDERS.items()},
}
"""Each operator by its name in lower case; for those named `Not…`, the operator that they negate."""
