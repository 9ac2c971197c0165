"""A repository's policy as ECR holds it: parsed without loss, and rendered. Repairs nothing; `mend.py` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import Problem
from app.limits import POLICY_CHARACTERS
from app.policy import strict_json
from app.policy.arns import WILDCARD
from app.policy.mend import mend, problem_code
from app.policy.statement import Statement, is_strings

NEW_VERSION = "2008-10-17"
"""The version that AWS's guide writes in a new policy; an existing policy keeps its own."""


@dataclass(frozen=True)
class PolicyDocument:
    """A policy's top-level members, in order and unchanged. Treat them as read-only."""

    members: dict[str, Any]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements in order, also if `Statement` is a single object."""
        value = self.members["Statement"]
        return (value,) if isinstance(value, dict) else tuple(value)

    def with_statements(self, statements: Sequence[Statement]) -> PolicyDocument:
        """Return the same document with these statements; a single object stays one while there is one statement."""
        alone = isinstance(self.members["Statement"], dict) and len(statements) == 1
        return PolicyDocument({**self.members, "Statement": statements[0] if alone else list(statements)})


def new_document(statements: Sequence[Statement] = ()) -> PolicyDocument:
    """Return a policy for a repository that has none."""
    return PolicyDocument({"Version": NEW_VERSION, "Statement": list(statements)})


def parse(text: str) -> PolicyDocument:
    """Read a policy text as ECR returns it or as a person pastes it.

    Raises:
        Problem: `policy.pasted_documents` or `policy.escaped_text` if `mend.mend` repairs it, `policy.not_json`,
            `policy.repeated_key`, `policy.too_deep`, `policy.no_statement`, or `policy.malformed` with the statement's
            position (from 1) and the element that ECR would refuse.
    """
    try:
        value = strict_json.load(text)
    except Problem as problem:
        raise _mendable(text) or problem from problem
    if not isinstance(value, dict) or not isinstance(value.get("Statement"), dict | list):
        raise _mendable(text) or Problem("policy.no_statement")
    document = PolicyDocument(value)
    if any(isinstance(statement, dict) and "Statement" in statement for statement in _any(document)):
        raise _mendable(text) or Problem("policy.malformed", statement=1, element="Statement")
    for number, statement in enumerate(_any(document), start=1):
        _check(number, statement)
    return document


def parse_or_new(text: str | None) -> PolicyDocument:
    """Return the same as `parse`; a new empty document if the repository has no policy."""
    return new_document() if text is None else parse(text)


def render(document: PolicyDocument) -> str:
    """Return the text to send, as short as possible: ECR formats what it returns itself.

    Raises:
        Problem: `policy.too_long` with `characters`, `limit` and `over`.
    """
    text = strict_json.dump(document.members, indent=None)
    if len(text) > POLICY_CHARACTERS:
        over = len(text) - POLICY_CHARACTERS
        raise Problem("policy.too_long", characters=len(text), limit=POLICY_CHARACTERS, over=over)
    return text


def size_of(policy: PolicyDocument | str | None) -> int:
    """Return how many of ECR's characters a policy takes: those of the text to send, not of what ECR returned.

    A text that is not a policy counts in full; None counts as 0.
    """
    if policy is None:
        return 0
    if isinstance(policy, PolicyDocument):
        return len(strict_json.dump(policy.members, indent=None))
    try:
        return len(strict_json.dump(parse(policy).members, indent=None))
    except Problem:
        return len(policy)


def _any(document: PolicyDocument) -> tuple[Any, ...]:
    """Return the statements before they are checked to be objects."""
    return document.statements


def _mendable(text: str) -> Problem | None:
    code = problem_code(mend(text))
    return Problem(code) if code else None


def _check(number: int, statement: Any) -> None:
    if not isinstance(statement, dict):
        raise Problem("policy.malformed", statement=number, element="Statement")
    checks = {
        "Effect": statement.get("Effect") in ("Allow", "Deny"),
        "Principal": _one_of(statement, "Principal", "NotPrincipal", _is_principal),
        "Action": _one_of(statement, "Action", "NotAction", is_strings),
        "Resource": all(is_strings(statement.get(key, "*")) for key in ("Resource", "NotResource")),
        "Condition": _is_condition(statement.get("Condition", {})),
    }
    for element, fine in checks.items():
        if not fine:
            raise Problem("policy.malformed", statement=number, element=element)


def _one_of(statement: Statement, name: str, opposite: str, check: Any) -> bool:
    present = [key for key in (name, opposite) if key in statement]
    return len(present) == 1 and bool(check(statement[present[0]]))


def _is_principal(value: Any) -> bool:
    return value == WILDCARD or (isinstance(value, dict) and bool(value) and all(map(is_strings, value.values())))


def _is_condition(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(test, dict) for test in value.values())
