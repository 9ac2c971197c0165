"""Plans the change of a repository's policy that lets one image puller role pull. Other statements stay unchanged."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from app.errors import Problem
from app.policy.arns import is_arn, service_of
from app.policy.change import PlannedChange, change_to, unchanged
from app.policy.document import PolicyDocument, new_document, parse_or_new
from app.policy.evaluate import Evaluator
from app.policy.finding import Finding, Severity
from app.policy.layers import NOT_READ, Layer, RegistryPolicy
from app.policy.matching import Cover, PullPrincipal, Reach, covers_action
from app.policy.rulebook import Collected
from app.policy.shared_statement import with_shared
from app.policy.statement import (
    PULL_ACTIONS,
    PUSH_ACTION,
    Statement,
    is_allow,
    pull_statement,
    same_forms,
    sids,
    without_anywhere,
)

# Findings that a Deny makes a grant useless: of the repository policy, or of the registry's.
DENIED_BY_REGISTRY = "grant.registry_denied"
DENIALS = ("grant.denied", DENIED_BY_REGISTRY)


def plan_grant(
    text: str | None,
    *,
    principal_arn: str,
    service: str,
    replaces: Collection[str] = (),
    registry: RegistryPolicy = NOT_READ,
    repository_arn: str = "",
    now: datetime | None = None,
) -> PlannedChange:
    """Return what lets the role `principal_arn` of `service` pull, given the policy's `text` (None: no policy yet).

    Nothing is written if the policy already allows both actions unconditionally: by our own statement, by another that
    names the role, or by one for its account or for everyone (noted in `leftovers`: Remove cannot take that away).
    Near ECR's limit our statements for several services become one (`shared_statement`).
    `replaces` are dead or wrong principals of the same service: the same write removes them from every statement that
    names them, and ours takes the position of the first one. A Deny keeps those that exist: ECR refuses only the dead.
    `leftovers` also say what still keeps the role from pulling: a Deny of the policy or the `registry`'s, by the rules
    of `evaluate`, as of `now`.

    Raises:
        Problem: `policy.no_puller` if `principal_arn` is not an ARN, such as the empty one of an inactive role or a
            script's `None`; `policy.too_long`; and as `document.parse`.
    """
    if not is_arn(principal_arn):
        raise Problem("policy.no_puller", service=service, principal=principal_arn)
    before = parse_or_new(text)
    document, at = _without_replaced(before, set(replaces) - {principal_arn})
    caller = PullPrincipal.puller(principal_arn)
    evaluator = Evaluator(document, registry, repository_arn=repository_arn, now=now)
    enough = _allowing_for_good(document, caller, repository_arn)
    leftovers = [*_obstacles(evaluator.collect(caller)), *_covered(enough)]
    if enough and at is None:
        return unchanged(text, leftovers)
    if not enough:
        statements = list(document.statements)
        added = pull_statement(principal_arn, service, sids(statements))
        statements.insert(len(statements) if at is None else at, added)
        document = with_shared(document.with_statements(statements), added)
    return change_to(text, before, document, leftovers)


def _allowing_for_good(document: PolicyDocument, caller: PullPrincipal, repository_arn: str) -> list[Cover]:
    """Return the statements that together always allow both actions; empty if they do not suffice.

    Denies are not considered: an added Allow could not override them.
    """
    collected = Evaluator(document, repository_arn=repository_arn).collect(caller)
    allows = collected.deciding()
    return [] if len(collected.best) < len(PULL_ACTIONS) or any(cover.doubts for cover in allows) else allows


def granting(principal_arn: str, service: str) -> PolicyDocument:
    """Return the whole policy for a repository that has none, as AWS's guide writes it."""
    return new_document([pull_statement(principal_arn, service)])


def _without_replaced(document: PolicyDocument, replaces: Collection[str]) -> tuple[PolicyDocument, int | None]:
    """Return the document without these principals, and the index for our statement: None if it named none."""
    kept: list[Statement] = []
    position: int | None = None
    touched = False
    everywhere = same_forms(principal for principal in replaces if not _lives(principal))
    in_allows = same_forms(replaces)
    for statement in document.statements:
        left = without_anywhere(statement, in_allows if is_allow(statement) else everywhere)
        touched = touched or left is not statement
        if left is None and position is None:
            position = len(kept)
        if left is not None:
            kept.append(left)
    if not touched:
        return document, None
    return document.with_statements(kept), len(kept) if position is None else position


def _lives(principal: str) -> bool:
    """Return whether it is the general role: the wrong one to allow, but it exists, so others' Denies on it stay."""
    role = service_of(principal)
    return role is not None and not role.is_puller


def _obstacles(collected: Collected) -> list[Finding]:
    return [
        Finding(
            ("grant.registry_" if cover.rule.layer is Layer.REGISTRY else "grant.")
            + ("maybe_denied" if cover.doubts else "denied"),
            Severity.WARNING if cover.doubts else Severity.ERROR,
            {"statement": cover.rule.label, "conditions": "; ".join(cover.conditions)},
            None if cover.rule.layer is Layer.REGISTRY else cover.index,
        )
        for cover in (*collected.sure, *collected.maybe)
    ]


def _covered(enough: Collection[Cover]) -> Iterator[Finding]:
    for cover in enough:
        if cover.reach is Reach.NAMED:
            continue
        params: dict[str, str | int] = {"statement": cover.rule.label}
        yield Finding(f"grant.covered_{cover.reach}", Severity.INFO, params, cover.index)
        if cover.reach is Reach.EVERYONE and covers_action(cover.statement, PUSH_ACTION):
            yield Finding("finding.everyone_pushes", Severity.WARNING, params, cover.index)
