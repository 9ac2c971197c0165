"""Finds what is wrong or doubtful in a policy, as codes. Changes no policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.errors import Problem
from app.limits import POLICY_CHARACTERS
from app.policy.arns import WILDCARD, is_guessed_service, is_namesakes, service_of
from app.policy.conditions import conditions_of
from app.policy.context_keys import RequestContext
from app.policy.document import PolicyDocument, parse, size_of
from app.policy.ecr_actions import ACTION_FORM, TOKEN_ACTION, is_registry_statement
from app.policy.evaluate import Evaluator
from app.policy.finding import Finding, Severity
from app.policy.matching import PullPrincipal, covers_action
from app.policy.mend import mend
from app.policy.principals import PrincipalKind, PrincipalRef, is_dead, refer
from app.policy.shared_statement import NEAR_LIMIT
from app.policy.statement import (
    PULL_ACTIONS,
    PUSH_ACTION,
    Statement,
    excluded_by,
    is_allow,
    label,
    named_by,
    strings,
)
from app.policy.verdict import Access

CHANGING_ACTIONS = (
    "ecr:BatchDeleteImage",
    "ecr:DeleteRepository",
    "ecr:SetRepositoryPolicy",
    "ecr:DeleteRepositoryPolicy",
)
_LONGEST_SID = 100


@dataclass(frozen=True)
class _Subject:
    """The service in question; `role` is None if its puller is not known, empty if it is inactive."""

    service: str
    region: str
    role: str | None


def findings(
    text: str | None,
    *,
    service: str | None = None,
    region: str | None = None,
    role: str | None = None,
    now: datetime | None = None,
) -> tuple[Finding, ...]:
    """Return what a person should know about this policy, in the order of its statements; nothing for None.

    With `service` (and its `region`, if known) also findings about that service's roles: `role` is the principal ARN
    of its image puller role now, empty while the role is inactive, None if not known. `now` is for conditions on the
    date, as in `evaluate`. Never raises for a broken text: that is a finding, `mend.*` if `mend.mend` repairs it.
    """
    if text is None:
        return ()
    try:
        document = parse(text)
    except Problem as problem:
        return _broken(text, problem)
    current = service_of(role) if role else None
    subject = _Subject(service or "", region or (current.region if current else ""), role)
    listed = [
        *_of_principals(document, subject),
        *_of_statements(document),
        *_of_role(document, subject, now),
        *_of_size(document),
    ]
    last = len(document.statements)
    return tuple(sorted(listed, key=lambda finding: last if finding.statement is None else finding.statement))


def _broken(text: str, problem: Problem) -> tuple[Finding, ...]:
    what = mend(text).what
    if what:
        return tuple(Finding(f"mend.{code}", Severity.ERROR) for code in what)
    return (Finding("finding.unreadable", Severity.ERROR, {"problem": problem.code}),)


def _of_principals(document: PolicyDocument, subject: _Subject) -> Iterable[Finding]:
    for index, statement in enumerate(document.statements):
        statement_label = label(index, statement)
        for kind, value in (*named_by(statement), *excluded_by(statement)):
            principal = refer(kind, value)
            said = _of_principal(principal, subject)
            if said is not None:
                code, severity = said
                params: dict[str, str | int] = {"statement": statement_label, "principal": value}
                yield Finding(code, severity, {**params, "service": principal.service}, index, value)


def _of_principal(principal: PrincipalRef, subject: _Subject) -> tuple[str, Severity] | None:
    if subject.role and principal.value == subject.role:
        return None
    if is_dead(principal):
        is_id = principal.kind is PrincipalKind.UNIQUE_ID
        return "finding.deleted_principal" if is_id else "finding.no_principal", Severity.ERROR
    if is_guessed_service(principal.value):
        return "finding.guessed_service", Severity.ERROR
    if principal.kind is PrincipalKind.GENERAL:
        return "finding.general_role", Severity.ERROR
    is_puller = principal.kind is PrincipalKind.PULLER
    own = is_puller and principal.service == subject.service and subject.region in ("", principal.region)
    if not own or subject.role is None or is_namesakes(principal.value, [subject.role]):
        return None
    return ("finding.stale_role", Severity.ERROR) if subject.role else ("finding.inactive_role", Severity.WARNING)


def _of_statements(document: PolicyDocument) -> Iterable[Finding]:
    version = document.members.get("Version")
    shared = Counter(str(statement.get("Sid")) for statement in document.statements if statement.get("Sid"))
    for index, statement in enumerate(document.statements):
        params: dict[str, str | int] = {"statement": label(index, statement)}
        for code, severity in _of_statement(statement, version):
            yield Finding(code, severity, params, index)
        for action in (*strings(statement.get("Action", ())), *strings(statement.get("NotAction", ()))):
            if ACTION_FORM.fullmatch(action) is None:
                yield Finding("finding.odd_action", Severity.WARNING, {**params, "action": action}, index)
        if shared[str(statement.get("Sid"))] > 1:
            sid = str(statement["Sid"])[:_LONGEST_SID]
            yield Finding("finding.shared_sid", Severity.INFO, {**params, "sid": sid}, index)


def _of_statement(statement: Statement, version: object) -> Iterable[tuple[str, Severity]]:
    if is_allow(statement) and "NotPrincipal" in statement:
        yield "finding.allow_not_principal", Severity.ERROR
    elif is_allow(statement) and _is_open(statement, version):
        if any(covers_action(statement, action) for action in CHANGING_ACTIONS):
            yield "finding.everyone_writes", Severity.ERROR
        elif covers_action(statement, PUSH_ACTION):
            yield "finding.everyone_pushes", Severity.ERROR
        elif any(covers_action(statement, action) for action in PULL_ACTIONS):
            yield "finding.everyone_pulls", Severity.WARNING
    if any(action.lower() == TOKEN_ACTION for action in strings(statement.get("Action", ()))):
        yield "finding.token_action", Severity.INFO
    if is_registry_statement(statement):
        yield "finding.registry_policy", Severity.WARNING
    elif "Resource" in statement or "NotResource" in statement:
        yield "finding.resource_element", Severity.INFO


def _is_open(statement: Statement, version: object) -> bool:
    """Return whether everyone is named, and no condition restricts it."""
    if not any(value == WILDCARD for _, value in named_by(statement)):
        return False
    anyone = RequestContext(PrincipalKind.WILDCARD, WILDCARD)
    return all(test.holds(anyone) for test in conditions_of(statement, version))


def _of_role(document: PolicyDocument, subject: _Subject, now: datetime | None) -> Iterable[Finding]:
    """Yield what keeps the role from pulling although the policy names it."""
    named = (("AWS", subject.role) in named_by(statement) for statement in document.statements)
    if not subject.role or not any(named):
        return
    verdict = Evaluator(document, now=now).verdict(PullPrincipal.puller(subject.role))
    if verdict.access is Access.ALLOWED:
        return
    code, severity = {
        Access.NOT_ALLOWED: ("finding.half_granted", Severity.ERROR),
        Access.DENIED: ("finding.denied", Severity.ERROR),
        Access.CONDITIONAL: ("finding.conditional", Severity.WARNING),
    }[verdict.access]
    if verdict.access is Access.NOT_ALLOWED and "actions" not in verdict.params:
        code = verdict.code  # an existing Allow whose condition does not hold
    params = {**verdict.params, "principal": subject.role}
    yield Finding(code, severity, params, verdict.statements[0] if verdict.statements else None, subject.role)


def _of_size(document: PolicyDocument) -> Iterable[Finding]:
    characters = size_of(document)
    if characters > POLICY_CHARACTERS * NEAR_LIMIT:
        yield Finding("finding.near_limit", Severity.WARNING, {"characters": characters, "limit": POLICY_CHARACTERS})
