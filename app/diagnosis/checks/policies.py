"""Do the repository policy and the registry policy let the image puller role pull?

The verdicts are those of `app.policy.evaluate`, on both layers; this module turns them into causes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from app.diagnosis.check_result import Certainty, CheckResult, Found, Sentence, Status, caused, fine, not_reached
from app.diagnosis.facts import DENIED, Facts, Known, NotFound, Reading, Refused, Unknown, not_checked, not_private
from app.diagnosis.own_roles import is_own_role
from app.errors import Problem
from app.policy.document import parse
from app.policy.evaluate import evaluate
from app.policy.findings import findings
from app.policy.layers import NOT_READ, UNSEEN_ORGANIZATION, Layer, RegistryPolicy, RegistryScope
from app.policy.principals import PrincipalKind, PrincipalRef, refer
from app.policy.statement import Statement, is_allow, named_by, orphan_of
from app.policy.verdict import Access, Verdict

_BY_VERDICT: Final = {
    "verdict.no_policy": "policy.missing",
    "verdict.condition_not_met": "policy.condition_not_met",
    "verdict.allow_ended": "policy.ended",
    "verdict.allow_not_started": "policy.not_started",
    "verdict.denied_by_condition": "policy.denied_by_condition",
}


def check_policy(facts: Facts) -> CheckResult:
    """Return whether the repository policy lets the role pull, and what prevents it."""
    if outcome := _unreachable(facts):
        return outcome
    if not isinstance(facts.policy, Known):
        return _unread(facts)
    try:
        both, alone = _verdicts(facts)
    except Problem as problem:
        params = {"repository": facts.uri.repository, "problem": problem.code}
        return caused(Found("policy.malformed", params, (Sentence("evidence.policy_unreadable", params),)))
    if both.access is Access.ALLOWED or alone.access is Access.ALLOWED:
        return fine("policy", repository=facts.uri.repository)
    cause = _cause(facts, alone)
    may_be_allowed = alone.access is Access.NOT_ALLOWED and (both.access is Access.CONDITIONAL or _is_unread(facts))
    return caused(replace(cause, certainty=Certainty.LIKELY) if may_be_allowed else cause)


def check_registry(facts: Facts) -> CheckResult:
    """Return whether the registry policy denies what the repository policy allows."""
    if outcome := _unreachable(facts):
        return outcome
    if _is_denied(facts.registry_policy):
        params = {"region": facts.region}
        return caused(Found("registry.denied_unread", params, (_denial(facts.registry_policy),), Certainty.LIKELY))
    if not isinstance(facts.registry_policy, Known):
        other = Sentence("not_checked.other_registry", {"account": facts.uri.account})
        return CheckResult(Status.NOT_CHECKED, other) if facts.is_foreign else not_checked(facts.registry_policy)
    if facts.registry_policy.value is None:
        return fine("no_registry_policy")
    if facts.registry_scope == Known(RegistryScope.V1.value):
        return fine("registry_v1")
    return _registry_outcome(facts, _registry_verdict(facts))


def _registry_verdict(facts: Facts) -> Verdict:
    """Return the registry policy's verdict, together with the repository's if that can be read."""
    if isinstance(facts.policy, Known):
        try:
            return _verdicts(facts)[0]
        except Problem:
            pass
    return evaluate(None, _arn(facts), _registry(facts), repository_arn=facts.repository_arn, now=facts.now)


def _unread(facts: Facts) -> CheckResult:
    """Return the outcome of a repository policy that was not read: if it denies our read, it also denies the pull."""
    by_registry = _is_denied(facts.registry_policy) or (
        isinstance(facts.registry_policy, Known) and _registry_verdict(facts).access is Access.DENIED
    )
    if not _is_denied(facts.policy) or by_registry:
        return not_checked(facts.policy)
    params = {"repository": facts.uri.repository}
    return caused(Found("policy.denied_unread", params, (_denial(facts.policy),), Certainty.LIKELY))


def _is_denied(reading: Reading[str | None]) -> bool:
    return isinstance(reading, Refused) and reading.by_resource_policy


def _is_unread(facts: Facts) -> bool:
    """Return whether the registry policy couldn't be read, which could allow the pull by itself."""
    return facts.is_foreign or isinstance(facts.registry_policy, Refused | Unknown)


def _denial(reading: Reading[str | None]) -> Sentence:
    permission = reading.permission if isinstance(reading, Refused) else ""
    return Sentence("not_checked.denied", {"permission": permission})


def _registry_outcome(facts: Facts, verdict: Verdict) -> CheckResult:
    decides = Layer.REGISTRY in verdict.layers
    params = {**verdict.params, "region": facts.region, "statement": _label(verdict, Layer.REGISTRY)}
    evidence = (Sentence(verdict.code, verdict.params),)
    if decides and verdict.access is Access.DENIED:
        return caused(Found("registry.denied", params, evidence))
    if decides and verdict.access is Access.CONDITIONAL:
        scope = facts.registry_scope
        unread = not_checked(scope) if isinstance(scope, Refused | Unknown) else None
        shown = (*evidence, unread.said) if unread else evidence
        cause = Found("registry.conditional", params, shown, Certainty.LIKELY, yields=facts.has_run)
        return replace(caused(cause), permission=unread.permission if unread else "")
    for unseen in verdict.unseen:
        if unseen is not UNSEEN_ORGANIZATION:  # which has a check of its own
            return CheckResult(Status.NOT_CHECKED, Sentence(unseen.code, dict(unseen.params)))
    return fine("registry")


def _unreachable(facts: Facts) -> CheckResult | None:
    """Return the outcome of both checks if there is no policy, or no role, to check; else None."""
    if outcome := not_private(facts):
        return outcome
    if facts.region_problem or isinstance(facts.service, NotFound) or not facts.uri.repository:
        return not_reached()
    if facts.repository_missing:
        return not_reached()
    if not isinstance(facts.service, Known):
        return not_checked(facts.service)
    return None if facts.service.value.role.ready else not_reached("no_role")


def _verdicts(facts: Facts) -> tuple[Verdict, Verdict]:
    """Return the verdict of both layers, and of the repository policy alone. Raises Problem for an invalid policy."""
    text = facts.policy.value if isinstance(facts.policy, Known) else None
    both, alone = (
        evaluate(text, _arn(facts), registry, repository_arn=facts.repository_arn, now=facts.now)
        for registry in (_registry(facts), NOT_READ)
    )
    return both, alone


def _registry(facts: Facts) -> RegistryPolicy:
    if not isinstance(facts.registry_policy, Known):
        unread = facts.registry_policy
        code = DENIED if isinstance(unread, Refused) else unread.code if isinstance(unread, Unknown) else ""
        return RegistryPolicy(read=False, problem=code)
    scope = facts.registry_scope.value if isinstance(facts.registry_scope, Known) else ""
    return RegistryPolicy(facts.registry_policy.value, RegistryScope(scope) if scope in set(RegistryScope) else None)


def _arn(facts: Facts) -> str:
    return facts.service.value.role.principal_arn if isinstance(facts.service, Known) else ""


def _label(verdict: Verdict, layer: Layer) -> str:
    return ", ".join(each.label for each in verdict.deciding if each.layer is layer)


def _cause(facts: Facts, verdict: Verdict) -> Found:
    """Return the cause for a verdict of the repository policy."""
    params = {"repository": facts.uri.repository, "service": facts.service_name, **verdict.params}
    evidence = (Sentence(verdict.code, verdict.params),)
    if code := _BY_VERDICT.get(verdict.code):
        return Found(code, params, evidence)
    if verdict.access is Access.DENIED:
        return Found("policy.denied", params, evidence)
    if verdict.access is Access.CONDITIONAL:
        return Found("policy.conditional", params, evidence, Certainty.LIKELY, yields=facts.has_run)
    return next(_wrong_principals(facts, params), None) or _not_named(verdict, params, evidence)


def _not_named(verdict: Verdict, params: dict[str, str | int], evidence: tuple[Sentence, ...]) -> Found:
    if verdict.missing_actions and verdict.code != "verdict.not_named":
        missing = {"actions": ", ".join(verdict.missing_actions)}
        return Found("policy.actions_missing", params | missing, evidence)
    return Found("policy.not_named", params, evidence)


def _wrong_principals(facts: Facts, params: dict[str, str | int]) -> Iterator[Found]:
    """Yield principals that the policy allows instead of the role, likeliest first; none if it allows the role anything."""
    text = facts.policy.value if isinstance(facts.policy, Known) else None
    allowing = [each for each in parse(text).statements if is_allow(each)] if text is not None else []
    named = [principal for statement in allowing for principal in _refs(statement)]
    if any(principal.value == _arn(facts) for principal in named):
        return
    for code, principal in _mistaken(facts, named):
        about = {**params, "principal": principal.value, "named_service": principal.service}
        yield Found(code, about, (Sentence("evidence.names", {"principal": principal.value}),))
    if orphan := _orphan(facts, allowing):
        yield Found(
            "policy.deleted_role", params | {"principal": orphan}, (Sentence("evidence.names", {"principal": orphan}),)
        )
    if any(finding.code == "finding.allow_not_principal" for finding in findings(text)):
        yield Found("policy.allow_not_principal", params, ())


def _mistaken(facts: Facts, named: Sequence[PrincipalRef]) -> list[tuple[str, PrincipalRef]]:
    own = [each for each in named if is_own_role(facts, each)]
    others = [each for each in named if each.kind in (PrincipalKind.PULLER, PrincipalKind.GENERAL) and each not in own]
    return [
        *(("policy.general_role", each) for each in own if each.kind is PrincipalKind.GENERAL),
        *(("policy.old_role", each) for each in own if each.kind is PrincipalKind.PULLER),
        *(("policy.service_principal", each) for each in named if "lightsail" in each.value and each.type == "Service"),
        *(("policy.other_service", each) for each in others),
    ]


def _orphan(facts: Facts, allowing: Sequence[Statement]) -> str:
    """Return the id of a deleted role where the service's role should be, "" for none."""
    mine = [each for each in allowing if orphan_of(each) == facts.service_name]
    for statement in (*mine, *allowing):
        ids = [
            each.value for each in _refs(statement) if each.kind is PrincipalKind.UNIQUE_ID and each.value[:4] == "AROA"
        ]
        if ids:
            return ids[0]
    return ""


def _refs(statement: Statement) -> tuple[PrincipalRef, ...]:
    return tuple(refer(kind, value) for kind, value in named_by(statement))
