"""Plans how principals lose what a repository's policy gives them by name. Must never take from anybody else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime

from app.errors import Problem
from app.policy.arns import WILDCARD, same_form
from app.policy.change import PlannedChange, change_to, unchanged
from app.policy.dead import dead_in
from app.policy.document import PolicyDocument, parse
from app.policy.evaluate import Access, Evaluator, Verdict
from app.policy.finding import Finding, Severity
from app.policy.layers import NOT_READ, Layer, Policies, RegistryPolicy
from app.policy.matching import Cover, PullPrincipal
from app.policy.principals import principals_in
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

_MOST_COMPARED = 2_000


def plan_revoke(
    text: str | None,
    *,
    principals: Collection[str],
    registry: RegistryPolicy = NOT_READ,
    repository_arn: str = "",
    now: datetime | None = None,
) -> PlannedChange:
    """What takes these principals (ARNs, ids, service names) out of every Allow statement that names them.

    Other principals in a shared statement stay, and so does everything else; where no statement is left the policy
    is to be deleted. A Deny that names them stays too, since it gives nothing. `leftovers` say by what they may
    still pull afterwards, by the rules of `evaluate`, and which Deny or NotPrincipal names them.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if text is None:
        return unchanged(text)
    before = parse(text)
    gone = same_forms(principals)
    after = _filtered(before, lambda statement: without(statement, gone) if is_allow(statement) else statement)
    evaluator = Evaluator(
        Policies(None, registry), document=after, repository_arn=repository_arn, now=now, budget=_MOST_COMPARED
    )
    leftovers = [*_still_allowed(evaluator, set(principals) - {WILDCARD}), *_still_named(after, gone)]
    if after is before:
        return unchanged(text, leftovers)
    return change_to(text, before, after, leftovers)


def plan_prune(text: str | None, principals: Collection[str], *, refused: Collection[str] = ()) -> PlannedChange:
    """What takes principals that exist no more out of the whole policy, so that ECR accepts it again.

    Unlike `plan_revoke` it also takes them out of Deny and `NotPrincipal`: ECR refuses every write while one is
    named anywhere. Only a `NotPrincipal` that names nobody else is left, and said in `leftovers`: without it the
    statement would have to be rewritten, and a person must decide how.

    Args:
        text: the policy; None where there is none.
        principals: those to take out, which somebody chose. One that the policy does not name needs nothing.
        refused: those of which the caller knows that ECR did not find them. Beside them only what
            `dead_principals` says of this text may go.

    Raises:
        Problem: `policy.not_dead` with the principals for which neither speaks; as `document.parse`, and
            `policy.too_long`.
    """
    if text is None:
        return unchanged(text)
    before = parse(text)
    gone = same_forms(principals)
    named = {same_form(ref.value): ref.value for ref in principals_in(before)}
    living = (gone & named.keys()) - same_forms(refused) - same_forms(ref.value for ref in dead_in(before))
    if living:
        raise Problem("policy.not_dead", principals=", ".join(sorted(named[form] for form in living)))
    after = _filtered(before, lambda statement: without_anywhere(statement, gone))
    leftovers = _only_excluded(after, gone)
    return unchanged(text, leftovers) if after is before else change_to(text, before, after, leftovers)


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
