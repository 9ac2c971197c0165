"""Plans how principals lose what a repository's policy gives them by name. Other principals keep their access."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime

from app.errors import Problem
from app.policy.arns import WILDCARD, same_form
from app.policy.change import PlannedChange, change_to, unchanged
from app.policy.document import PolicyDocument, parse
from app.policy.evaluate import MOST_COMPARED, Evaluator
from app.policy.finding import Finding, Severity
from app.policy.layers import NOT_READ, Layer, RegistryPolicy
from app.policy.matching import Cover, PullPrincipal
from app.policy.principals import dead_in, principals_in
from app.policy.statement import (
    Statement,
    excluded_by,
    is_allow,
    label,
    named_by,
    same_forms,
    without,
    without_anywhere,
)
from app.policy.verdict import Access, Verdict


def plan_revoke(
    text: str | None,
    *,
    principals: Collection[str],
    registry: RegistryPolicy = NOT_READ,
    repository_arn: str = "",
    now: datetime | None = None,
) -> PlannedChange:
    """Return what takes these principals (ARNs, ids, service names) out of every Allow statement that names them.

    Other principals in a shared statement stay, and so does everything else; if no statement is left, the policy is to
    be deleted. A Deny that names them stays too, since it grants nothing. `leftovers` list what still lets them pull
    afterwards, by the rules of `evaluate`, and which Deny or NotPrincipal names them.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if text is None:
        return unchanged(text)
    before = parse(text)
    gone = same_forms(principals)
    after = _filtered(before, lambda statement: without(statement, gone) if is_allow(statement) else statement)
    evaluator = Evaluator(after, registry, repository_arn=repository_arn, now=now, budget=MOST_COMPARED)
    leftovers = [*_still_allowed(evaluator, set(principals) - {WILDCARD}), *_still_named(after, gone)]
    if after is before:
        return unchanged(text, leftovers)
    return change_to(text, before, after, leftovers)


def plan_prune(text: str | None, principals: Collection[str], *, refused: Collection[str] = ()) -> PlannedChange:
    """Return what takes deleted principals out of the whole policy, so that ECR accepts it again.

    Unlike `plan_revoke` it also takes them out of Deny and `NotPrincipal`: ECR refuses every write while one is
    named anywhere. Only a `NotPrincipal` that names no other principal stays, and is noted in `leftovers`: without it
    the statement would have to be rewritten, and a person must decide how.

    Args:
        text: the policy; None if there is none.
        principals: the chosen ones to take out. One that the policy does not name needs nothing.
        refused: those that the caller knows ECR did not find. Besides them, only what `dead_principals` returns for
            this text may be removed.

    Raises:
        Problem: `policy.not_dead` with the principals in neither set; as `document.parse`, and `policy.too_long`.
    """
    if text is None:
        return unchanged(text)
    before = parse(text)
    gone = same_forms(principals)
    if living := _living(before, gone, same_forms(refused)):
        raise Problem("policy.not_dead", principals=", ".join(sorted(living)))
    after = _filtered(before, lambda statement: without_anywhere(statement, gone))
    leftovers = _only_excluded(after, gone)
    return unchanged(text, leftovers) if after is before else change_to(text, before, after, leftovers)


def _living(document: PolicyDocument, gone: Collection[str], refused: Collection[str]) -> set[str]:
    """Return those of `gone` that may live. What stands under two types is refused under one and may live as the other."""
    named = {(ref.type, same_form(ref.value)): ref.value for ref in principals_in(document)}
    dead = {(ref.type, same_form(ref.value)) for ref in dead_in(document)}
    types = Counter(form for _, form in named)
    return {
        value
        for entry, value in named.items()
        if (form := entry[1]) in gone and entry not in dead and (form not in refused or types[form] > 1)
    }


def _filtered(document: PolicyDocument, keep: Callable[[Statement], Statement | None]) -> PolicyDocument:
    kept = [(statement, keep(statement)) for statement in document.statements]
    if all(left is statement for statement, left in kept):
        return document
    return document.with_statements([left for _, left in kept if left is not None])


def _still_allowed(evaluator: Evaluator, gone: Iterable[str]) -> Iterator[Finding]:
    for principal in sorted(gone):
        caller = PullPrincipal.of(principal)
        verdict = evaluator.verdict(caller)
        if verdict.access in (Access.ALLOWED, Access.CONDITIONAL):
            for cover in evaluator.collect(caller).deciding():
                yield _still(cover, principal, verdict)


def _still(cover: Cover, principal: str, verdict: Verdict) -> Finding:
    how = "registry" if cover.rule.layer is Layer.REGISTRY else cover.reach
    code = f"revoke.still_{how}" + ("_if" if verdict.access is Access.CONDITIONAL else "")
    params: dict[str, str | int] = {
        "statement": cover.rule.label,
        "principal": principal,
        "conditions": verdict.params["conditions"],
    }
    index = None if cover.rule.layer is Layer.REGISTRY else cover.index
    return Finding(code, Severity.WARNING, params, index, principal)


def _still_named(document: PolicyDocument, gone: Collection[str]) -> list[Finding]:
    return [
        Finding(code, Severity.INFO, {"statement": label(index, statement), "principal": value}, index, value)
        for index, statement in enumerate(document.statements)
        for code, named in (("revoke.deny_stays", named_by(statement)), ("revoke.exempt_stays", excluded_by(statement)))
        for _, value in named
        if same_form(value) in gone
    ]


def _only_excluded(document: PolicyDocument, gone: Collection[str]) -> list[Finding]:
    return [
        Finding(
            "prune.only_excluded",
            Severity.ERROR,
            {"statement": label(index, statement), "principal": value},
            index,
            value,
        )
        for index, statement in enumerate(document.statements)
        for _, value in excluded_by(statement)
        if same_form(value) in gone
    ]
