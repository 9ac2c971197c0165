"""Finds ways to shorten a policy that is too long for ECR, without dropping any right. A person chooses one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.policy.arns import same_form
from app.policy.canonical import element_keys
from app.policy.document import PolicyDocument, size_of
from app.policy.statement import SID_PREFIX, Statement, is_ours, named_by, strings

_LISTED = frozenset({"Action", "NotAction", "Resource", "NotResource"})
_PRINCIPALS = ("Principal", "NotPrincipal")


@dataclass(frozen=True)
class Proposal:
    """One way to say the same in fewer characters: `code` is a key of `messages.WORDS`, `document` the result."""

    code: str
    saved: int
    document: PolicyDocument


def make_room(document: PolicyDocument) -> tuple[Proposal, ...]:
    """Return the ways that make the policy shorter, each on its own, and last all of them together.

    Every principal keeps every action under the same conditions; `saved` counts as `size_of` does. Merged statements
    keep only the first one's Sid.
    """
    shorter = _with(document, map(_shorter, document.statements))
    pullers = _with(document, _merged(document.statements, only_ours=True))
    merged = _with(document, _merged(document.statements))
    together = _with(document, map(_shorter, merged.statements))
    proposals = {
        "room.shorter": shorter,
        "room.pullers": pullers,
        "room.same_statements": merged,
        "room.together": together,
    }
    size = size_of(document)
    saved = {code: size - size_of(proposal) for code, proposal in proposals.items()}
    if saved["room.together"] in {saved[code] for code in proposals if code != "room.together"}:
        del proposals["room.together"]
    return tuple(Proposal(code, saved[code], proposal) for code, proposal in proposals.items() if saved[code] > 0)


def _with(document: PolicyDocument, statements: Iterable[Statement]) -> PolicyDocument:
    return document.with_statements(list(statements))


def _shorter(statement: Statement) -> Statement:
    """Return the statement with accounts as ids, single values without a list, and no repeated or empty values."""
    return {
        name: _shorter_element(name, value)
        for name, value in statement.items()
        if not (name in ("Sid", "Condition") and not value)
    }


def _shorter_element(name: str, value: Any) -> Any:
    if name in _LISTED:
        return _collapsed(strings(value))
    if name in _PRINCIPALS and isinstance(value, dict):
        return {kind: _collapsed(_accounts(kind, strings(values))) for kind, values in value.items()}
    return value


def _accounts(kind: str, values: Iterable[str]) -> Iterable[str]:
    return map(same_form, values) if kind == "AWS" else values


def _collapsed(values: Iterable[str]) -> str | list[str]:
    distinct = list(dict.fromkeys(values))
    return distinct[0] if len(distinct) == 1 else distinct


def _merged(statements: Iterable[Statement], *, only_ours: bool = False) -> list[Statement]:
    """Return the statements with those merged that differ only in principals; with `only_ours` only our own."""
    groups: dict[object, list[Statement]] = {}
    for index, statement in enumerate(statements):
        key: object = index
        if isinstance(statement.get("Principal"), dict) and (is_ours(statement) or not only_ours):
            key = _without_names(statement)
        groups.setdefault(key, []).append(statement)
    return [group[0] if len(group) == 1 else _one_of(group) for group in groups.values()]


def _without_names(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Return what the statement says, without its principals and Sid."""
    return tuple(sorted(item for item in element_keys(statement).items() if item[0] not in ("Sid", "Principal")))


def _one_of(group: list[Statement]) -> Statement:
    principals: dict[str, dict[str, str]] = {}
    for statement in group:
        for kind, value in named_by(statement):
            principals.setdefault(kind, {}).setdefault(same_form(value) if kind == "AWS" else value, value)
    merged = {kind: _collapsed(values.values()) for kind, values in principals.items()}
    first = {**group[0], "Principal": merged}
    if str(first.get("Sid", "")).startswith(SID_PREFIX):
        first["Sid"] = SID_PREFIX  # with a service's name, the Sid would say that all of it is that service's
    return first
