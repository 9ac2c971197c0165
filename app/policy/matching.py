"""Whether a statement's elements cover a caller, an action, a repository. Must never weigh Allow against Deny."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from app.policy.arns import WILDCARD, account_named, account_of, same_form
from app.policy.statement import Statement, excluded_by, is_allow, named_by, strings


class Reach(StrEnum):
    """How a statement comes to cover a caller."""

    NAMED = "named"
    ACCOUNT = "account"
    EVERYONE = "everyone"
    OTHERS = "others"


@dataclass(frozen=True)
class Caller:
    """Whoever asks: a principal as a policy would name it, and the account it belongs to."""

    type: str
    value: str
    account: str

    @classmethod
    def of(cls, principal_arn: str) -> Caller:
        """The caller that an IAM identity's ARN names."""
        return cls("AWS", principal_arn, account_of(principal_arn))


@dataclass(frozen=True)
class Cover:
    """A statement that covers a caller: how, for which of the actions, and whether only under `conditions`.

    An empty `conditions` means it always applies.
    """

    index: int
    statement: Statement
    reach: Reach
    actions: tuple[str, ...]
    conditions: tuple[str, ...]


def cover(
    index: int, statement: Statement, caller: Caller, actions: Iterable[str], repository_arn: str = ""
) -> Cover | None:
    """How the statement covers the caller for any of these actions, or None where it does not.

    Without `repository_arn` a `Resource` that names something counts as a condition.
    """
    reach, doubts = reach_of(statement, caller)
    covered = tuple(action for action in actions if covers_action(statement, action)) if reach else ()
    where = _where(statement, repository_arn) if covered else None
    if reach is None or where is None:
        return None
    conditions = (*where, *conditions_of(statement), *doubts)
    return Cover(index, statement, reach, covered, conditions)


def reach_of(statement: Statement, caller: Caller) -> tuple[Reach | None, tuple[str, ...]]:
    """How the statement's `Principal` or `NotPrincipal` covers the caller, and what makes that unsure.

    `NotPrincipal` leaves out whom it names. Where AWS is not clear there is less access than it may seem: with Allow,
    naming the account leaves out its roles too; with Deny it leaves out only the account, and an identity that stands
    there without its account may still be denied (AWS: "the policy might deny access to the entire account").
    """
    if "Principal" in statement:
        return _best(statement, caller), ()
    left_out = {_by(kind, value, caller) for kind, value in excluded_by(statement)} - {None}
    if is_allow(statement):
        return (None if left_out else Reach.OTHERS), ()
    if not left_out & {Reach.NAMED, Reach.EVERYONE}:
        return Reach.OTHERS, ()
    if Reach.ACCOUNT in left_out or caller.account in ("", account_named(caller.value)):
        return None, ()
    return Reach.OTHERS, (f"NotPrincipal != {caller.account}",)


def covers_action(statement: Statement, action: str) -> bool:
    """Whether `Action` or `NotAction` covers the action; case does not count, `*` and `?` stand for any."""
    if "NotAction" in statement:
        return not any(_like(pattern.lower(), action.lower()) for pattern in strings(statement["NotAction"]))
    return any(_like(pattern.lower(), action.lower()) for pattern in strings(statement["Action"]))


def conditions_of(statement: Statement) -> tuple[str, ...]:
    """Each test of the statement's `Condition`, as `operator key = value, value`."""
    tests = statement.get("Condition") or {}
    return tuple(
        f"{operator} {key} = {_values(values)}" for operator, keys in tests.items() for key, values in keys.items()
    )


def _best(statement: Statement, caller: Caller) -> Reach | None:
    found = {_by(kind, value, caller) for kind, value in named_by(statement)}
    return next((reach for reach in Reach if reach in found), None)


def _by(kind: str, value: str, caller: Caller) -> Reach | None:
    if kind == caller.type and (value == caller.value or same_form(value) == same_form(caller.value)):
        return Reach.EVERYONE if value == WILDCARD else Reach.NAMED
    if kind != "AWS":
        return None
    if value == WILDCARD:
        return Reach.EVERYONE
    return Reach.ACCOUNT if caller.account and account_named(value) == caller.account else None


def _where(statement: Statement, repository_arn: str) -> tuple[str, ...] | None:
    for element, wanted in (("Resource", True), ("NotResource", False)):
        if element not in statement:
            continue
        patterns = strings(statement[element])
        if WILDCARD in patterns:
            return () if wanted else None
        if not repository_arn:
            return (f"{element} = {', '.join(patterns)}",)
        if any(_like(pattern, repository_arn) for pattern in patterns) is not wanted:
            return None
    return ()


def _values(values: Any) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list) else str(values)


def _like(pattern: str, text: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    return _pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    runs = re.sub(r"\*+", "*", pattern)
    return re.compile(
        "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in runs), re.DOTALL
    )
