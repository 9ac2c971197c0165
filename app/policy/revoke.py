"""Plans how principals lose what a repository's policy gives them by name. Must never take from anybody else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from app.policy.arns import WILDCARD, same_form
from app.policy.change import PolicyChange, change_to, unchanged
from app.policy.document import PolicyDocument, parse
from app.policy.evaluate import covers_of
from app.policy.matching import Caller, Cover, Reach
from app.policy.notes import Finding, Severity
from app.policy.statement import Statement, excluded_by, is_allow, label, named_by, without, without_anywhere


def plan_revoke(text: str | None, *, principals: Collection[str]) -> PolicyChange:
    """What takes these principals (ARNs, ids, service names) out of every Allow statement that names them.

    Other principals in a shared statement stay, and so does everything else; where no statement is left the policy
    is to be deleted. A Deny that names them stays too, since it gives nothing. `leftovers` say by what they may
    still pull afterwards (everyone, their account, everyone but a few) and which Deny or NotPrincipal names them.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if text is None:
        return unchanged(text)
    before = parse(text)
    gone = set(principals) - {WILDCARD}
    after = _filtered(before, lambda statement: without(statement, gone) if is_allow(statement) else statement)
    leftovers = [*_still_allowed(after, gone), *_still_named(after, gone)]
    if after is before:
        return unchanged(text, leftovers)
    return change_to(text, before, after, leftovers)


def plan_prune(text: str | None, principals: Collection[str]) -> PolicyChange:
    """What takes principals that exist no more out of the whole policy, so that ECR accepts it again.

    Unlike `plan_revoke` it also takes them out of Deny and `NotPrincipal`: ECR refuses every write while one is
    named anywhere. Only a `NotPrincipal` that names nobody else is left, and said in `leftovers`: without it the
    statement would have to be written anew, and a person must decide how.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if text is None:
        return unchanged(text)
    before = parse(text)
    gone = set(principals) - {WILDCARD}
    after = _filtered(before, lambda statement: without_anywhere(statement, gone))
    leftovers = _only_excluded(after, gone)
    return unchanged(text, leftovers) if after is before else change_to(text, before, after, leftovers)


def _filtered(document: PolicyDocument, keep: Callable[[Statement], Statement | None]) -> PolicyDocument:
    kept = [(statement, keep(statement)) for statement in document.statements]
    if all(left is statement for statement, left in kept):
        return document
    return document.with_statements([left for _, left in kept if left is not None])


def _still_allowed(document: PolicyDocument, gone: Iterable[str]) -> list[Finding]:
    return [
        _finding(found, principal)
        for principal in sorted(gone)
        for found in covers_of(document, Caller.of(principal))
        if is_allow(found.statement) and found.reach is not Reach.NAMED
    ]


def _finding(found: Cover, principal: str) -> Finding:
    code = f"revoke.still_{found.reach}" + ("_if" if found.conditions else "")
    params: dict[str, str | int] = {
        "statement": label(found.index, found.statement),
        "principal": principal,
        "conditions": "; ".join(found.conditions),
    }
    return Finding(code, Severity.WARNING, params, found.index, principal)


def _still_named(document: PolicyDocument, gone: Iterable[str]) -> list[Finding]:
    forms = {same_form(principal): principal for principal in gone}
    return [
        Finding(code, Severity.INFO, {"statement": label(index, statement), "principal": value}, index, value)
        for index, statement in enumerate(document.statements)
        for code, named in (("revoke.deny_stays", named_by(statement)), ("revoke.exempt_stays", excluded_by(statement)))
        for _, value in named
        if same_form(value) in forms
    ]


def _only_excluded(document: PolicyDocument, gone: Iterable[str]) -> list[Finding]:
    forms = {same_form(principal) for principal in gone}
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
        if same_form(value) in forms
    ]
