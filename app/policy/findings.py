"""Finds what is wrong or doubtful in a policy and names it. Must never change a policy or say it in prose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from app.errors import Problem
from app.policy import strict_json
from app.policy.arns import WILDCARD, is_guessed_service, is_namesakes, same_form, service_of
from app.policy.document import MAX_CHARACTERS, PolicyDocument, parse
from app.policy.evaluate import Access, judge
from app.policy.matching import Caller, covers_action
from app.policy.mend import mend
from app.policy.notes import Finding, Severity
from app.policy.principals import PrincipalKind, PrincipalRef, principals_of, refer
from app.policy.statement import PULL_ACTIONS, Statement, excluded_by, is_allow, label, named_by, strings

_SUSPICION = (
    PrincipalKind.UNIQUE_ID,
    PrincipalKind.OTHER,
    PrincipalKind.SERVICE,
    PrincipalKind.PULLER,
    PrincipalKind.GENERAL,
    PrincipalKind.SESSION,
    PrincipalKind.ROLE,
    PrincipalKind.USER,
)
_WRITING = ("ecr:PutImage", "ecr:BatchDeleteImage", "ecr:DeleteRepository", "ecr:SetRepositoryPolicy")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_NEAR_LIMIT = 0.9


@dataclass(frozen=True)
class _Asked:
    """The service that is looked at; `role` None where its puller is not known, empty where it is inactive."""

    service: str
    region: str
    role: str | None


def findings(
    text: str | None, *, service: str | None = None, region: str | None = None, role: str | None = None
) -> tuple[Finding, ...]:
    """What a person should know about this policy, in the order of its statements; nothing for None.

    With `service` (and its `region`, where it is known) also what became of that service's own roles: `role` is the
    principal ARN of its image puller role now, empty while the role is inactive, None where it is not known.
    Never raises for a broken text: that is a finding, `mend.*` where `mend.mend` repairs it.
    """
    if text is None:
        return ()
    try:
        document = parse(text)
    except Problem as problem:
        return _broken(text, problem)
    now = service_of(role) if role else None
    asked = _Asked(service or "", region or (now.region if now else ""), role)
    found = [
        *_of_principals(document, asked),
        *_of_statements(document),
        *_of_role(document, asked),
        *_of_size(document),
    ]
    return tuple(sorted(found, key=lambda one: len(document.statements) if one.statement is None else one.statement))


def suspects(text: str | None, *, ours: Collection[str]) -> tuple[PrincipalRef, ...]:
    """The principals that may be why ECR says `Principal not found`, the likeliest first, without `ours`.

    A unique id (`AROA...`) is what is left of a deleted identity; then come values that are no principal at all,
    service names that do not exist, roles of other container services, and other identities, which may be deleted.
    Accounts, everyone and AWS's own services are none.

    Raises:
        Problem: as `document.parse`.
    """
    known = {same_form(principal) for principal in ours}
    doubtful = [one for one in principals_of(text) if _is_suspect(one) and same_form(one.value) not in known]
    return tuple(sorted(doubtful, key=lambda one: _SUSPICION.index(one.kind)))


def _is_suspect(one: PrincipalRef) -> bool:
    return one.kind in _SUSPICION and (one.kind is not PrincipalKind.SERVICE or is_guessed_service(one.value))


def _broken(text: str, problem: Problem) -> tuple[Finding, ...]:
    what = mend(text).what
    if what:
        return tuple(Finding(f"mend.{code}", Severity.ERROR) for code in what)
    return (Finding("finding.unreadable", Severity.ERROR, {"problem": problem.code}),)


def _of_principals(document: PolicyDocument, asked: _Asked) -> Iterable[Finding]:
    for index, statement in enumerate(document.statements):
        for kind, value in (*named_by(statement), *excluded_by(statement)):
            found = _of_principal(refer(kind, value), asked)
            if found is not None:
                code, severity = found
                params = _params(index, statement, principal=value, service=refer(kind, value).service)
                yield Finding(code, severity, params, index, value)


def _of_principal(one: PrincipalRef, asked: _Asked) -> tuple[str, Severity] | None:
    if asked.role and one.value == asked.role:
        return None
    if is_guessed_service(one.value):
        return "finding.guessed_service", Severity.ERROR
    certain = {
        PrincipalKind.GENERAL: "finding.general_role",
        PrincipalKind.UNIQUE_ID: "finding.deleted_principal",
        PrincipalKind.OTHER: "finding.no_principal",
    }
    if one.kind in certain:
        return certain[one.kind], Severity.ERROR
    own = one.kind is PrincipalKind.PULLER and one.service == asked.service and asked.region in ("", one.region)
    if not own or asked.role is None or is_namesakes(one.value, [asked.role]):
        return None
    return ("finding.stale_role", Severity.ERROR) if asked.role else ("finding.inactive_role", Severity.WARNING)


def _of_statements(document: PolicyDocument) -> Iterable[Finding]:
    shared = Counter(statement.get("Sid") for statement in document.statements if statement.get("Sid"))
    for index, statement in enumerate(document.statements):
        for code, severity in _of_statement(statement):
            yield Finding(code, severity, _params(index, statement), index)
        for action in (*strings(statement.get("Action", ())), *strings(statement.get("NotAction", ()))):
            if _ACTION.fullmatch(action) is None:
                yield Finding("finding.odd_action", Severity.WARNING, _params(index, statement, action=action), index)
        if shared[statement.get("Sid")] > 1:
            yield Finding("finding.shared_sid", Severity.INFO, _params(index, statement, sid=statement["Sid"]), index)


def _of_statement(statement: Statement) -> Iterable[tuple[str, Severity]]:
    if is_allow(statement) and not statement.get("Condition"):
        everyone = any(value == WILDCARD for _, value in named_by(statement)) or "NotPrincipal" in statement
        if everyone and any(covers_action(statement, action) for action in _WRITING):
            yield "finding.everyone_writes", Severity.ERROR
        elif everyone and any(covers_action(statement, action) for action in PULL_ACTIONS):
            yield "finding.everyone_pulls", Severity.WARNING
    if any(action.lower() == "ecr:getauthorizationtoken" for action in strings(statement.get("Action", ()))):
        yield "finding.token_action", Severity.INFO
    if "Resource" in statement or "NotResource" in statement:
        yield "finding.resource_element", Severity.INFO


def _of_role(document: PolicyDocument, asked: _Asked) -> Iterable[Finding]:
    """What keeps the role from pulling although the policy names it."""
    if not asked.role or not any(("AWS", asked.role) in named_by(statement) for statement in document.statements):
        return
    verdict = judge(document, Caller.of(asked.role))
    codes = {
        Access.NOT_ALLOWED: ("finding.half_granted", Severity.ERROR),
        Access.DENIED: ("finding.denied", Severity.ERROR),
        Access.CONDITIONAL: ("finding.conditional", Severity.WARNING),
    }
    if verdict.access in codes:
        code, severity = codes[verdict.access]
        params = {"statement": "", "actions": "", "conditions": "", **verdict.params, "principal": asked.role}
        yield Finding(code, severity, params, verdict.statements[0] if verdict.statements else None, asked.role)


def _of_size(document: PolicyDocument) -> Iterable[Finding]:
    characters = len(strict_json.dump(document.members, indent=None))
    if characters > MAX_CHARACTERS * _NEAR_LIMIT:
        yield Finding("finding.near_limit", Severity.WARNING, {"characters": characters, "limit": MAX_CHARACTERS})


def _params(index: int, statement: Statement, **more: str) -> dict[str, str | int]:
    return {"statement": label(index, statement), **more}
