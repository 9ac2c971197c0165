"""A repository's policy as seen for a service: who can pull, what is wrong with it, and how to change it by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.access import REPAIRABLE, AccessStatus, judge, said
from app.console.as_code import CodeText, code_texts
from app.console.evidence import Evidence, change_registry, decided_by_registry, evidence
from app.console.managed import managed_warning
from app.console.operations import running
from app.console.previews import shell_commands
from app.console.shell_commands import Commands
from app.errors import Problem
from app.history.queries import last_refusal
from app.inventory import queries
from app.inventory.access import repositories_of
from app.inventory.circumstances import Circumstances, circumstances_of
from app.inventory.queries import KnownRepository
from app.inventory.sync_state import What
from app.limits import POLICY_CHARACTERS
from app.operations.planned import plan_operation
from app.operations.progress import Progress
from app.operations.pruning import Prunable, prunable
from app.operations.state import Kind
from app.policy import messages, strict_json
from app.policy.document import size_of
from app.policy.finding import Severity
from app.policy.findings import findings
from app.policy.mend import mend
from app.policy.principals import PrincipalKind
from app.policy.verdict import Access as Verdict
from app.policy.who_can_pull import Reader as PolicyReader
from app.policy.who_can_pull import readers
from app.wording import N_, Message

NO_ROLE = N_("The image puller role isn't active, so this service can't pull from private repositories yet.")
WHO = {
    PrincipalKind.PULLER: N_("Image puller role of %(service)s"),
    PrincipalKind.GENERAL: N_("General role of %(service)s (never pulls)"),
    PrincipalKind.ROLE: N_("IAM role"),
    PrincipalKind.USER: N_("IAM user"),
    PrincipalKind.SESSION: N_("Role session"),
    PrincipalKind.ACCOUNT: N_("AWS account"),
    PrincipalKind.UNIQUE_ID: N_("Deleted user or role"),
    PrincipalKind.WILDCARD: N_("Everyone"),
    PrincipalKind.SERVICE: N_("AWS service"),
    PrincipalKind.FEDERATED: N_("Federated identity"),
    PrincipalKind.OTHER: N_("Unknown principal"),
}


# Principals that the policy allows although they never pull.
NEVER = {
    PrincipalKind.UNIQUE_ID: N_("This principal no longer exists, so it can't pull."),
    PrincipalKind.GENERAL: N_("Lightsail doesn't pull with this role."),
}


@dataclass(frozen=True)
class PrincipalVerdict:
    """A principal that the policy lets pull, or denies it. `allowed` None: it depends, as `how` says."""

    who: Message
    allowed: bool | None
    how: Message
    value: str = ""


@dataclass(frozen=True)
class FindingView:
    """A finding about the policy."""

    what: Message
    severity: Severity


@dataclass(frozen=True)
class ByHand:
    """What a person does to make the change by hand: the finished policy and the commands of each system.

    `what` names our button that does the same. `activates`: the role has to be activated first, so the policy's
    principal is a placeholder. `mended`: the current policy is broken, and this is the repaired one.
    """

    what: Message
    policy_text: str
    commands: tuple[Commands, ...]
    activates: bool = False
    mended: bool = False


@dataclass(frozen=True)
class RepositoryPolicy:
    """A repository's policy as seen for a service.

    `text` is the policy, pretty; None if the repository has none (or, with a `problem`, if it could not be read).
    `dead` are principals that can't exist; `can_prune`: it names one of them, or one that ECR refused. `size` is how many
    characters the policy takes when it is sent. `readers` None: nobody knows, as it wasn't read or isn't valid. `evidence` is what the verdict is based on; `change_registry` are the
    commands that change a registry policy that decides.
    `as_code` is the policy with access, for Terraform and CloudFormation; `managed` warns that a tool manages the service.
    """

    region: str
    service: str
    repository: str
    uri: str
    access: AccessStatus
    text: str | None = None
    reason: Message | None = None
    read_at: datetime | None = None
    readers: tuple[PrincipalVerdict, ...] | None = ()
    findings: tuple[FindingView, ...] = ()
    by_hand: ByHand | None = None
    can_add: bool = False
    can_remove: bool = False
    can_repair: bool = False
    dead: tuple[str, ...] = ()
    can_prune: bool = False
    size: int = 0
    size_limit: int = POLICY_CHARACTERS
    problem: Problem | None = None
    running: Progress | None = None
    evidence: Evidence | None = None
    change_registry: tuple[Commands, ...] = ()
    as_code: tuple[CodeText, ...] = ()
    managed: Message | None = None


def repository_policy(
    services: Services, region: str, service: str, repository: str, *, now: datetime, problem: Problem | None
) -> RepositoryPolicy:
    """Return the policy as it was last read; `problem` is why it could not be read just now.

    Raises:
        Problem: the `problem`, or `repository.not_found`, if nothing is known of the repository.
    """
    seen = queries.last_seen(services.db, services.service_key(region, service))
    held = queries.find_repository(services.db, services.repository_key(region, repository))
    if held is None:
        raise problem or Problem("repository.not_found", repository=repository, region=region)
    text = held.policy_text
    services.scanner.request(region, What.REGISTRY)
    circumstances = circumstances_of(services.db, services.repository_key(region, repository), now)
    access, reason = _verdict(services, seen, held, circumstances)
    by_registry = seen is not None and decided_by_registry(circumstances.kept_verdict(text, seen.role.principal_arn))
    overruled = access is AccessStatus.DENIED and by_registry  # Adding access would be refused.
    live = next((each for each in running(services, region, service) if each.repository == repository), None)
    may_go = prunable_of(services, region, repository, text)
    return RepositoryPolicy(
        region=region,
        service=service,
        repository=repository,
        uri=held.uri,
        access=access,
        text=pretty(text),
        reason=reason,
        read_at=held.policy_read_at,
        readers=principals_of(held, circumstances),
        findings=tuple(finding for finding in _findings(text, seen, now) if finding.what != reason),
        by_hand=_by_hand(services, seen, held, access, circumstances),
        can_add=not overruled and access not in (AccessStatus.ALLOWED, AccessStatus.UNREADABLE, *REPAIRABLE),
        can_remove=_named(seen, held, circumstances),
        can_repair=access in REPAIRABLE,
        dead=may_go.dead,
        can_prune=bool(may_go.dead or may_go.refused),
        size=size_of(text),
        problem=problem or held.problem,
        running=live,
        evidence=evidence(services, region),
        change_registry=change_registry(services, region) if by_registry else (),
        as_code=code_texts(services, seen, held, circumstances) if seen else (),
        managed=managed_warning(seen.tags if seen else {}, (text,)),
    )


def prunable_of(services: Services, region: str, repository: str, text: str | None) -> Prunable:
    """Return what may be pruned from a policy, by its text and by ECR's refusals; nothing if the policy is broken."""
    try:
        return prunable(text, last_refusal(services.db, services.repository_key(region, repository)))
    except Problem:
        return Prunable()


def _verdict(
    services: Services, service: ContainerService | None, held: KnownRepository, circumstances: Circumstances
) -> tuple[AccessStatus, Message | None]:
    if held.policy_read_at is None:
        return (AccessStatus.UNREADABLE if held.problem else AccessStatus.UNREAD), None
    if service is None:
        return AccessStatus.NOT_ALLOWED, None
    rows = repositories_of(services.db, services.connection, service, now=circumstances.now).rows
    row = next((row for row in rows if row.repository.name == held.name), None)
    if row is not None:
        access, reason = judge(row)
        return access, reason or (None if service.role.principal_arn else Message(NO_ROLE))
    verdict = circumstances.kept_verdict(held.policy_text, service.role.principal_arn)
    if verdict is None:
        return AccessStatus.UNREADABLE, None
    if not service.role.principal_arn and verdict.access is not Verdict.DENIED:
        return AccessStatus.NOT_ALLOWED, Message(NO_ROLE)
    return AccessStatus(verdict.access), Message(messages.WORDS[verdict.code], verdict.params)


def _named(service: ContainerService | None, held: KnownRepository, circumstances: Circumstances) -> bool:
    if service is None:
        return False
    try:
        planned = plan_operation(Kind.REVOKE, service, held.name, held.policy_text, circumstances=circumstances)
    except Problem:
        return False
    return planned.change.needed


def pretty(text: str | None) -> str | None:
    """Return a policy's text laid out to be read; one that is no JSON as it is."""
    if text is None:
        return None
    try:
        return strict_json.dump(strict_json.load(text))
    except Problem:
        return text


def principals_of(held: KnownRepository, circumstances: Circumstances) -> tuple[PrincipalVerdict, ...] | None:
    """Return whom the policy names, and whether they can pull; None if it hasn't been read, or isn't a policy."""
    if held.policy_read_at is None:
        return None
    try:
        principals = readers(held.policy_text, **vars(circumstances))
    except Problem:
        return None
    return tuple(_reader(each) for each in principals)


def _reader(reader: PolicyReader) -> PrincipalVerdict:
    allowed = {Verdict.ALLOWED: True, Verdict.CONDITIONAL: None}.get(reader.access, False)
    if reader.kind in NEVER and allowed is not False:
        return PrincipalVerdict(
            Message(WHO[reader.kind], {"service": reader.service}),
            allowed=False,
            how=Message(NEVER[reader.kind]),
            value=reader.value,
        )
    who = Message(N_("Everyone except")) if reader.excluded else Message(WHO[reader.kind], {"service": reader.service})
    return PrincipalVerdict(
        who=who,
        allowed=allowed,
        how=Message(messages.WORDS[reader.verdict.code], reader.verdict.params),
        value=", ".join(reader.excluded) if reader.excluded else reader.value,
    )


def _findings(text: str | None, service: ContainerService | None, now: datetime) -> tuple[FindingView, ...]:
    listed = findings(
        text,
        service=service.name if service else None,
        region=service.region if service else None,
        role=service.role.principal_arn if service else None,
        now=now,
    )
    return tuple(FindingView(said(each), each.severity) for each in listed)


def _by_hand(
    services: Services,
    service: ContainerService | None,
    held: KnownRepository,
    access: AccessStatus,
    circumstances: Circumstances,
) -> ByHand | None:
    """Return the finished policy and the commands that make it: the grant if there is no access, else the removal.

    None if neither applies: no removal takes away access that everyone has and that names no principal. A text that was
    pasted together is repaired first, and then has to be written in any case.
    """
    if service is None or held.policy_read_at is None:
        return None
    mended = mend(held.policy_text or "")
    kind = Kind.REVOKE if access is AccessStatus.ALLOWED else Kind.REPAIR
    try:
        text = mended.text if mended.what else held.policy_text
        planned = plan_operation(kind, service, held.name, text, circumstances=circumstances)
    except Problem:
        return None
    if kind is Kind.REVOKE and not planned.change.needed and not mended.what:
        return None
    if mended.what:
        planned = replace(planned, change=replace(planned.change, needed=True))
    return ByHand(
        same_as(access, mended=bool(mended.what)),
        pretty(planned.change.after) or "",
        shell_commands(services, planned, service, held.name),
        planned.activates,
        mended=bool(mended.what),
    )


def same_as(access: AccessStatus, *, mended: bool) -> Message:
    """Return which button does what is shown by hand; none does for a repaired text."""
    if mended:
        return Message(N_("Corrects the policy text."))
    if access is AccessStatus.ALLOWED:
        return Message(N_("The same as Remove."))
    if access in REPAIRABLE:
        return Message(N_("The same as Repair access."))
    return Message(N_("The same as Add repository."))
