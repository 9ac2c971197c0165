"""The likely reasons why ECR says `Invalid repository policy provided`, since it names none. Changes no policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from app.errors import Problem
from app.policy.arns import WILDCARD, is_no_principal
from app.policy.conditions import conditions_of
from app.policy.context_keys import RequestContext
from app.policy.document import PolicyDocument, parse
from app.policy.ecr_actions import ACTION_FORM, ECR_ACTIONS, TOKEN_ACTION, is_registry_statement
from app.policy.finding import Finding, Severity
from app.policy.matching import covers_action
from app.policy.principals import PrincipalKind
from app.policy.statement import Statement, cut, excluded_by, is_allow, label, named_by, strings

_VERSIONS = ("2008-10-17", "2012-10-17")
_MEMBERS = frozenset({"Version", "Id", "Statement"})
_ELEMENTS = frozenset({"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"})
_RESOURCES = ("Resource", "NotResource")
_TYPES = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_LEAST_LIKELY = ("refusal.unknown_action", "refusal.lock_out")


def refusal_reasons(text: str | None) -> tuple[Finding, ...]:
    """Return what ECR refuses in this policy text, the likeliest first; empty if no reason is found.

    For a principal that it does not find, ECR has a separate answer (`unfound`). An action that does not exist, and a
    policy that would lock its writer out, may or may not be the reason.
    """
    if text is None:
        return ()
    try:
        document = parse(text)
    except Problem as problem:
        return (Finding("refusal.unreadable", Severity.ERROR, {"problem": problem.code}),)
    reasons = [*_of_document(document)]
    for index, statement in enumerate(document.statements):
        where = label(index, statement)
        reasons += (
            Finding(code, Severity.ERROR, {"statement": where, **params}, index, params.get("principal", ""))
            for code, params in _of_statement(statement)
        )
    return tuple(sorted(reasons, key=lambda finding: finding.code in _LEAST_LIKELY))


def _of_document(document: PolicyDocument) -> Iterator[Finding]:
    if not document.statements:
        yield Finding("refusal.empty", Severity.ERROR)
    version = document.members.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        yield Finding("refusal.version", Severity.ERROR, {"version": cut(str(version))})
    for member in document.members:
        if member not in _MEMBERS:
            yield Finding("refusal.unknown_member", Severity.ERROR, {"element": cut(member)})


def _of_statement(statement: Statement) -> Iterator[tuple[str, dict[str, str]]]:
    if is_registry_statement(statement):
        yield "refusal.registry_policy", {}
    else:
        yield from (("refusal.resource_element", {"element": name}) for name in _RESOURCES if name in statement)
    for name in statement:
        if name not in _ELEMENTS and name not in _RESOURCES:
            yield "refusal.unknown_element", {"element": cut(name)}
    yield from _of_principals((*named_by(statement), *excluded_by(statement)))
    for action in (*strings(statement.get("Action", ())), *strings(statement.get("NotAction", ()))):
        code = _of_action(action)
        if code:
            yield code, {"action": cut(action)}
    for condition in conditions_of(statement, None):
        if not condition.is_known:
            yield "refusal.operator", {"operator": cut(condition.operator)}
    if _may_lock_out(statement):
        yield "refusal.lock_out", {}


def _of_principals(entries: Iterable[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    for kind, value in entries:
        if kind not in _TYPES:
            yield "refusal.principal_type", {"element": cut(kind)}
        elif (kind == "AWS" and is_no_principal(value)) or (kind == "Service" and not _is_service(value)):
            yield "refusal.no_principal", {"principal": value}


def _is_service(value: str) -> bool:
    return value == WILDCARD or _SERVICE.fullmatch(value) is not None


def _of_action(action: str) -> str:
    name = action.lower()
    if name == TOKEN_ACTION:
        return "refusal.token_action"
    if ACTION_FORM.fullmatch(action) is None:
        return "refusal.odd_action"
    if action == WILDCARD:
        return ""
    if not name.startswith("ecr:"):
        return "refusal.foreign_action"
    return "" if WILDCARD in name or "?" in name or name in ECR_ACTIONS else "refusal.unknown_action"


def _may_lock_out(statement: Statement) -> bool:
    """Return whether it may deny changing the policy again: ECR accepts that only with `force`, which is never sent."""
    if is_allow(statement) or not covers_action(statement, "ecr:SetRepositoryPolicy"):
        return False
    anyone = RequestContext(PrincipalKind.WILDCARD, WILDCARD)
    return all(condition.holds(anyone) is not False for condition in conditions_of(statement, None))
