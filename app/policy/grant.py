"""Plans how a repository's policy comes to let one image puller role pull. Must never touch another's statement."""

from __future__ import annotations

from collections.abc import Collection

from app.errors import Problem
from app.policy.arns import is_arn, service_of
from app.policy.change import PolicyChange, change_to, unchanged
from app.policy.document import PolicyDocument, new_document, parse_or_new
from app.policy.evaluate import covers_of, firmly_allowing
from app.policy.matching import Caller, Cover, Reach
from app.policy.notes import Finding, Severity
from app.policy.statement import Statement, is_allow, label, pull_statement, sids, without_anywhere


def plan_grant(text: str | None, *, principal_arn: str, service: str, replaces: Collection[str] = ()) -> PolicyChange:
    """What lets the role `principal_arn` of `service` pull, given the policy's `text` (None: no policy yet).

    Nothing is written where both actions are allowed already without a condition: by our own statement, by another
    that names the role, by one for its account or for everyone (said in `leftovers`, since Remove cannot take that
    away). `replaces` are principals of the same service that died or were the wrong ones: they go in the same
    write, out of whichever statement names them, and ours stands where the first of these stood. A Deny keeps those
    that live: ECR refuses the dead alone.
    `leftovers` also tell what may still keep the role from pulling, such as another's Deny.

    Raises:
        Problem: `policy.no_puller` where `principal_arn` is no ARN, such as the empty one of an inactive role or a
            script's `None`; `policy.too_long`; and as `document.parse`.
    """
    if not is_arn(principal_arn):
        raise Problem("policy.no_puller", service=service, principal=principal_arn)
    before = parse_or_new(text)
    document, at = _without_replaced(before, set(replaces) - {principal_arn})
    covers = covers_of(document, Caller.of(principal_arn))
    enough = firmly_allowing(covers)
    leftovers = [*_obstacles(covers), *_covered(enough)]
    if enough and at is None:
        return unchanged(text, leftovers)
    statements = list(document.statements)
    if not enough:
        place = len(statements) if at is None else at
        statements.insert(place, pull_statement(principal_arn, service, sids(statements)))
    return change_to(text, before, document.with_statements(statements), leftovers)


def granting(principal_arn: str, service: str) -> PolicyDocument:
    """The whole policy for a repository that has none, as AWS's guide writes it."""
    return new_document([pull_statement(principal_arn, service)])


def _without_replaced(document: PolicyDocument, replaces: Collection[str]) -> tuple[PolicyDocument, int | None]:
    """The document without these principals, and where ours goes: None where there was none of them."""
    kept: list[Statement] = []
    place: int | None = None
    touched = False
    dead = [principal for principal in replaces if not _lives(principal)]
    for statement in document.statements:
        left = without_anywhere(statement, replaces if is_allow(statement) else dead)
        touched = touched or left is not statement
        if left is None and place is None:
            place = len(kept)
        if left is not None:
            kept.append(left)
    if not touched:
        return document, None
    return document.with_statements(kept), len(kept) if place is None else place


def _lives(principal: str) -> bool:
    """The service's general role is the wrong one to allow, but no dead one: what denies it is for others to say."""
    role = service_of(principal)
    return role is not None and not role.is_puller


def _obstacles(covers: Collection[Cover]) -> list[Finding]:
    return [
        Finding(
            "grant.maybe_denied" if found.conditions else "grant.denied",
            Severity.WARNING if found.conditions else Severity.ERROR,
            {"statement": label(found.index, found.statement), "conditions": "; ".join(found.conditions)},
            found.index,
        )
        for found in covers
        if not is_allow(found.statement)
    ]


def _covered(enough: Collection[Cover]) -> list[Finding]:
    return [
        Finding(
            f"grant.covered_{found.reach}",
            Severity.INFO,
            {"statement": label(found.index, found.statement)},
            found.index,
        )
        for found in enough
        if found.reach is not Reach.NAMED
    ]
