"""What is wrong or suspicious about access to one repository, and who can pull from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.errors import Problem
from app.findings.basis import basis_of, digest
from app.findings.finding import RANKS, AccessFinding, Repair
from app.findings.images import of_images
from app.inventory.deployed_images import ImageState, ImageUse
from app.policy.arns import account_named, is_namesakes
from app.policy.document import PolicyDocument, parse, size_of
from app.policy.evaluate import MOST_COMPARED, Evaluator, is_timed
from app.policy.finding import Finding, Severity
from app.policy.findings import CHANGING_ACTIONS, findings
from app.policy.layers import Layer, RegistryPolicy
from app.policy.matching import PullPrincipal, covers_action
from app.policy.principals import PrincipalKind
from app.policy.statement import PULL_ACTIONS, PUSH_ACTION, Statement, is_allow, label, named_by, orphans_of
from app.policy.verdict import Access, Verdict
from app.policy.who_can_pull import Reader, readers

_OF_THE_ROLE = frozenset({"finding.stale_role", "finding.inactive_role"})
_DEAD = frozenset({"finding.deleted_principal", "finding.no_principal"})
_SERVICES_KEPT = 20


@dataclass(frozen=True)
class NamedService:
    """A container service that a repository policy names; `role` "" while its image puller role isn't active."""

    name: str
    role: str
    general_role: str = ""


@dataclass(frozen=True)
class Removal:
    """Access of a service that was given with Sailpass and seen to be removed outside it, at `seen_at`."""

    service: str
    operation_id: str
    seen_at: datetime


@dataclass(frozen=True)
class JudgedRepository:
    """A repository with its policy, the services of its Region that the policy names, and what drift took away.

    `images`: those of this repository that services deploy.
    """

    region: str
    name: str
    arn: str
    account: str
    text: str | None
    services: tuple[NamedService, ...] = ()
    removals: tuple[Removal, ...] = ()
    images: tuple[ImageUse, ...] = ()


@dataclass(frozen=True)
class Pullers:
    """Who can pull: services by name (some of many), how many of them, how many others, and whether everyone can."""

    services: tuple[str, ...] = ()
    service_count: int = 0
    others: int = 0
    everyone: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept; `from_json` is the inverse."""
        return {
            "services": list(self.services),
            "service_count": self.service_count,
            "others": self.others,
            "everyone": self.everyone,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Pullers:
        """Return what `to_json` gave."""
        return cls(tuple(value["services"]), value["service_count"], value["others"], value["everyone"])


@dataclass(frozen=True)
class Judged:
    """What there is to know of a repository's access. `pullers` None: the policy can't be understood.

    `timed`: another moment may judge otherwise.
    """

    findings: tuple[AccessFinding, ...]
    pullers: Pullers | None
    size: int = 0
    timed: bool = False


def judge(subject: JudgedRepository, registry: RegistryPolicy, now: datetime) -> Judged:
    """Return the findings, the worst first, and who can pull.

    Args:
        subject: the repository.
        registry: the registry policy of its Region, as far as it is known.
        now: decides conditions on the date.
    """
    size, timed = size_of(subject.text), is_timed(subject.text) or is_timed(registry.text)
    # That a repository doesn't exist is found for the service (`judge_service`), even where a list still has it.
    named = (image for image in subject.images if image.state is not ImageState.NO_REPOSITORY)
    lacking = tuple(of_images(subject.region, named))
    try:
        document = parse(subject.text) if subject.text is not None else None
    except Problem:
        basis = digest(subject.text or "")
        broken = [_of_policy(subject, finding, {}, basis=basis) for finding in findings(subject.text)]
        return Judged(ordered([*broken, *lacking]), None, size, timed)
    evaluator = Evaluator(document, registry, repository_arn=subject.arn, now=now, budget=MOST_COMPARED)
    verdicts = {
        service.name: evaluator.verdict(PullPrincipal.puller(service.role))
        for service in subject.services
        if service.role
    }
    access_findings = [*lacking, *_of_removals(subject, verdicts), *_of_services(subject, document, registry, verdicts)]
    if document is not None:
        access_findings += [*_of_text(subject, document, verdicts), *_of_accounts(subject, document)]
    principals = readers(document, registry, repository_arn=subject.arn, now=now)
    pullers = _pullers(principals, subject.services, verdicts)
    return Judged(ordered(access_findings), pullers, size, timed)


def ordered(access_findings: Iterable[AccessFinding]) -> tuple[AccessFinding, ...]:
    """Return each matter once, the worst first."""
    by_id: dict[str, AccessFinding] = {}
    for finding in access_findings:
        by_id.setdefault(finding.id, finding)
    return tuple(sorted(by_id.values(), key=lambda finding: (RANKS[finding.severity], finding.code, finding.id)))


def _of_text(
    subject: JudgedRepository, document: PolicyDocument, verdicts: Mapping[str, Verdict]
) -> Iterator[AccessFinding]:
    orphans = orphans_of(document.statements)
    for finding in findings(subject.text):
        basis = ""
        # A principal or a Sid is the same matter in whichever statement.
        if finding.statement is not None and not finding.principal and "sid" not in finding.params:
            basis = basis_of([document.statements[finding.statement]])
        yield _of_policy(subject, finding, orphans, verdicts, basis=basis)
    for service in subject.services:
        policy_findings = findings(subject.text, service=service.name, region=subject.region, role=service.role)
        for finding in policy_findings:
            if finding.code in _OF_THE_ROLE and not is_namesakes(finding.principal, (service.general_role,)):
                yield _of_policy(subject, finding, {}, verdicts)


def _of_policy(
    subject: JudgedRepository,
    finding: Finding,
    orphans: Mapping[str, str],
    verdicts: Mapping[str, Verdict] | None = None,
    *,
    basis: str = "",
) -> AccessFinding:
    """Return what the text of the policy alone shows, with the service that it concerns."""
    service = str(finding.params.get("service") or orphans.get(finding.principal, ""))
    named_service = next((each for each in subject.services if each.name == service), None)
    verdict = (verdicts or {}).get(service)
    severity = finding.severity
    repair = Repair.NONE
    if finding.code in _DEAD:
        lacks_access = named_service is not None and (verdict is None or verdict.access is Access.NOT_ALLOWED)
        repair = Repair.REPAIR if lacks_access else Repair.PRUNE
    elif named_service is not None and (finding.code in _OF_THE_ROLE or finding.code == "finding.general_role"):
        repair = Repair.REPAIR
        if verdict is not None and verdict.access is Access.ALLOWED:
            severity = Severity.INFO  # a leftover: the role that pulls is allowed
    return AccessFinding(
        subject.region,
        subject.name,
        finding.code,
        severity,
        service=service if named_service else "",
        principal=finding.principal,
        params={**finding.params, "basis": basis},
        statement=finding.statement,
        repair=repair,
    )


def _of_services(
    subject: JudgedRepository,
    document: PolicyDocument | None,
    registry: RegistryPolicy,
    verdicts: Mapping[str, Verdict],
) -> Iterator[AccessFinding]:
    """Yield what keeps a role from pulling that an Allow of the policy names."""
    granted = {
        value
        for statement in (document.statements if document else ())
        if is_allow(statement)
        for _, value in named_by(statement)
    }
    for service in subject.services:
        verdict = verdicts.get(service.name)
        if verdict is None or service.role not in granted or verdict.access is Access.ALLOWED:
            continue
        lacking = verdict.access is Access.NOT_ALLOWED and bool(verdict.missing_actions)
        yield AccessFinding(
            subject.region,
            subject.name,
            verdict.code,
            Severity.WARNING if verdict.access is Access.CONDITIONAL else Severity.ERROR,
            service=service.name,
            principal=service.role,
            params={**verdict.params, "basis": _basis_of(verdict, document, registry, service.role)},
            statement=verdict.statements[0] if verdict.statements else None,
            repair=Repair.REPAIR if lacking else Repair.NONE,
        )


def _basis_of(verdict: Verdict, document: PolicyDocument | None, registry: RegistryPolicy, role: str) -> str:
    in_registry = parse(registry.text) if Layer.REGISTRY in verdict.layers and registry.text else None
    documents = {Layer.REPOSITORY: document, Layer.REGISTRY: in_registry}
    deciding = ((documents[each.layer], each.index) for each in verdict.deciding)
    return basis_of((policy.statements[index] for policy, index in deciding if policy), role)


def _of_removals(subject: JudgedRepository, verdicts: Mapping[str, Verdict]) -> Iterator[AccessFinding]:
    for removal in subject.removals:
        verdict = verdicts.get(removal.service)
        if verdict is not None and verdict.access is not Access.NOT_ALLOWED:
            continue
        yield AccessFinding(
            subject.region,
            subject.name,
            "finding.access_removed",
            Severity.ERROR,
            service=removal.service,
            params={"service": removal.service, "operation": removal.operation_id},
            repair=Repair.REPAIR,
            since=removal.seen_at,
        )


def _of_accounts(subject: JudgedRepository, document: PolicyDocument) -> Iterator[AccessFinding]:
    """Other accounts that may pull as a whole, or change more than they read."""
    for index, statement in enumerate(document.statements):
        if not is_allow(statement) or statement.get("Condition"):
            continue
        code = _what_is_open(statement)
        for _, value in named_by(statement):
            account = account_named(value)
            if code and account and account != subject.account:
                params: dict[str, str | int] = {
                    "statement": label(index, statement),
                    "account": account,
                    "basis": basis_of([statement], value),
                }
                severity = Severity.INFO if code == "finding.account_pulls" else Severity.WARNING
                yield AccessFinding(
                    subject.region, subject.name, code, severity, principal=value, params=params, statement=index
                )


def _what_is_open(statement: Statement) -> str:
    if any(covers_action(statement, action) for action in CHANGING_ACTIONS):
        return "finding.account_writes"
    if covers_action(statement, PUSH_ACTION):
        return "finding.account_pushes"
    return "finding.account_pulls" if all(covers_action(statement, action) for action in PULL_ACTIONS) else ""


def _pullers(
    principals: Iterable[Reader], services: Iterable[NamedService], verdicts: Mapping[str, Verdict]
) -> Pullers:
    able = sorted(name for name, verdict in verdicts.items() if verdict.access is Access.ALLOWED)
    roles = {service.role for service in services}
    others = [reader for reader in principals if _may_pull(reader) and reader.value not in roles]
    everyone = [reader for reader in others if reader.kind is PrincipalKind.WILDCARD]
    return Pullers(
        tuple(able[:_SERVICES_KEPT]),
        len(able),
        len(others) - len(everyone),
        any(reader.access is Access.ALLOWED and not reader.excluded for reader in everyone),
    )


def _may_pull(reader: Reader) -> bool:
    return reader.access in (Access.ALLOWED, Access.CONDITIONAL) and reader.kind is not PrincipalKind.GENERAL


def worst(access_findings: Sequence[AccessFinding]) -> str:
    """Return the worst severity of the findings, "" for none."""
    return str(min(access_findings, key=lambda finding: RANKS[finding.severity]).severity) if access_findings else ""
