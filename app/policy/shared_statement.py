"""The one statement that the image puller roles of several services share where a policy is near ECR's limit.

Its Sid names no service. Only statements as we write them are put together, so that no one else's changes. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from app.limits import POLICY_CHARACTERS
from app.policy.arns import UNIQUE_ID, same_form, service_of
from app.policy.canonical import statement_key
from app.policy.document import PolicyDocument, size_of
from app.policy.statement import (
    PULL_ACTIONS,
    Statement,
    free_sid,
    is_allow,
    is_our_sid,
    named_by,
    pull_statement,
    sids,
    strings,
)

NEAR_LIMIT = 0.9
"""The share of ECR's limit from which a policy is near it."""
_ELEMENTS = frozenset({"Sid", "Effect", "Principal", "Action"})
_NOBODY: dict[str, list[str]] = {"AWS": []}


def is_shared(statement: Statement) -> bool:
    """Return whether it is such a statement: as we write one, with a Sid that names no service."""
    return _is_as_ours(statement) and "-" not in statement["Sid"]


def with_shared(document: PolicyDocument, added: Statement) -> PolicyDocument:
    """Return the document, which holds `added`, with it in the shared statement if there is one.

    If the policy is near the limit, the statements of all services become that one. It takes the position of the first.
    """
    if not _is_as_ours(added):
        return document
    if size_of(document) > NEAR_LIMIT * POLICY_CHARACTERS:
        together = [statement for statement in document.statements if _is_as_ours(statement)]
    else:
        # One for a single service may be another tool's: what it writes next would take out whoever was put into it.
        together = [
            each for each in document.statements if each is added or (is_shared(each) and len(named_by(each)) > 1)
        ]
    if len(together) < 2:
        return document
    taken = sids(each for each in document.statements if not any(each is other for other in together))
    sid = next((each["Sid"] for each in together if "-" not in each["Sid"]), "") or free_sid("", taken)
    return document.with_statements(_combined(document.statements, together, sid))


def in_form_of(now: Sequence[Statement], *earlier: Sequence[Statement]) -> list[Sequence[Statement]]:
    """Return the statements of earlier versions of a policy, shared as `now` shares them, or apart if it doesn't.

    So it is no difference between two versions that one of them shares what were statements of each service. A version
    without any has the shared statement without principals, if another one has some: `without_empty` takes it out again.
    """
    sid = next((statement["Sid"] for statement in now if is_shared(statement)), "")
    if not sid:
        return [_apart(statements, _own_statements((*now, *chain(*earlier)))) for statements in earlier]
    present = {statement_key(statement) for statement in now}  # statements that are still there by themselves stay
    together = [
        [each for each in statements if _is_as_ours(each) and statement_key(each) not in present]
        for statements in earlier
    ]
    if not any(together):
        return list(earlier)
    return [_combined(statements, ours, sid) for statements, ours in zip(earlier, together, strict=True)]


def _own_statements(statements: Iterable[Statement]) -> dict[str, Statement]:
    """Return by principal the first statement that is for it alone."""
    alone = [each for each in statements if _is_as_ours(each) and not is_shared(each) and len(named_by(each)) == 1]
    return {same_form(named_by(each)[0][1]): each for each in reversed(alone)}


def _apart(statements: Sequence[Statement], own: Mapping[str, Statement]) -> Sequence[Statement]:
    """Return the statements with a shared one as one for each service; ids of deleted roles stay together."""
    parted: list[Statement] = []
    for statement in statements:
        if not is_shared(statement):
            parted.append(statement)
            continue
        values = [value for _, value in named_by(statement)]
        dead = [value for value in values if not _is_puller(value)]
        parted += [own.get(same_form(each)) or _alone(each) for each in values if each not in dead]
        parted += [{**statement, "Principal": {"AWS": dead}}] if dead else []
    return parted


def _alone(principal: str) -> Statement:
    role = service_of(principal)
    return pull_statement(principal, role.service if role else "")


def without_empty(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements without a shared one that names no principal."""
    return [each for each in statements if each.get("Principal") != _NOBODY or not _is_in_our_words(each)]


def dead_in_shared(document: PolicyDocument) -> tuple[str, ...]:
    """Return the ids of deleted roles in shared statements: which service's they were can't be told any more."""
    return tuple(
        value
        for statement in document.statements
        if is_shared(statement)
        for _, value in named_by(statement)
        if UNIQUE_ID.fullmatch(value)
    )


def _is_as_ours(statement: Statement) -> bool:
    """Return whether the statement only lets image puller roles pull, in our words; some may have been deleted."""
    named = named_by(statement)
    return (
        _is_in_our_words(statement)
        and all(
            kind == "AWS" and (("-" not in statement["Sid"] and UNIQUE_ID.fullmatch(value)) or _is_puller(value))
            for kind, value in named
        )
        and any(_is_puller(value) for _, value in named)
    )


def _is_in_our_words(statement: Statement) -> bool:
    """Return whether the statement is as we write one, whomever it names."""
    sid = statement.get("Sid")
    return (
        isinstance(sid, str)
        and is_our_sid(sid)
        and statement.keys() == _ELEMENTS
        and is_allow(statement)
        and set(strings(statement["Action"])) == set(PULL_ACTIONS)
    )


def _is_puller(principal: str) -> bool:
    role = service_of(principal)
    return role is not None and role.is_puller


def _combined(statements: Sequence[Statement], together: Sequence[Statement], sid: str) -> list[Statement]:
    """Return the statements with these as one, at the position of the first; without any, one for nobody at the end."""
    chosen = {id(statement) for statement in together}
    others = [statement for statement in statements if id(statement) not in chosen]
    principals = {same_form(value): value for statement in together for _, value in named_by(statement)}
    shared = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": list(principals.values())},
        "Action": list(PULL_ACTIONS),
    }
    position = next((index for index, each in enumerate(statements) if id(each) in chosen), len(others))
    return [*others[:position], shared, *others[position:]]
