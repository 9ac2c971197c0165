"""One repository: its services, who else can pull, its policy with findings, and how to change it yourself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.access import RepositoryRow, repository_row
from app.console.evidence import Evidence, evidence
from app.console.findings import FindingRow, findings_of, settle
from app.console.operations import running
from app.console.policies import PrincipalVerdict, pretty, principals_of
from app.console.repository_templates import Template, templates_of
from app.errors import Problem
from app.history import queries as history
from app.inventory import queries
from app.inventory.circumstances import circumstances_of
from app.inventory.repositories import list_repository
from app.inventory.repository_services import services_on
from app.inventory.sync_state import What
from app.limits import POLICY_CHARACTERS
from app.operations.progress import Progress
from app.policy.document import size_of


@dataclass(frozen=True)
class ServiceRow:
    """A container service of the repository's Region, and its access. `is_named`: the policy is about it."""

    service: ContainerService
    access: RepositoryRow
    is_named: bool


@dataclass(frozen=True)
class RepositoryDetail:
    """A repository as it is known. `problem` is what kept its policy from being read now.

    `services`: those that the policy is about or that can pull; `other_services`: the rest of the Region's.
    `text` None with `read_at`: there is no policy; without: nobody knows. `principals` None: nobody knows, as the policy
    wasn't read or isn't valid.
    """

    region: str
    name: str
    uri: str
    arn: str
    created_at: datetime | None
    state: str
    text: str | None
    read_at: datetime | None
    size: int
    services: tuple[ServiceRow, ...]
    other_services: tuple[ServiceRow, ...]
    principals: tuple[PrincipalVerdict, ...] | None
    findings: tuple[FindingRow, ...]
    templates: tuple[Template, ...]
    evidence: Evidence
    running: tuple[Progress, ...] = ()
    problem: Problem | None = None
    size_limit: int = POLICY_CHARACTERS


def repository_detail(
    services: Services, region: str, name: str, *, now: datetime, problem: Problem | None
) -> RepositoryDetail:
    """Return the repository as it was last read; `problem` is what kept it from being read just now.

    Raises:
        Problem: the `problem`, or `repository.not_found`, where nothing is known of the repository.
    """
    settle(services)
    held = queries.find_repository(services.db, services.repository_key(region, name))
    listed = list_repository(services.db, services.repository_key(region, name))
    if held is None or listed is None:
        raise problem or Problem("repository.not_found", repository=name, region=region)
    for what in (What.SERVICES, What.REGISTRY):
        services.scanner.request(region, what)
    live = tuple(each for each in running(services, region) if each.repository == name)
    rows = _service_rows(services, region, name, live, now)
    circumstances = circumstances_of(services.db, services.repository_key(region, name), now)
    return RepositoryDetail(
        region=region,
        name=name,
        uri=held.uri,
        arn=held.arn,
        created_at=held.created_at,
        state=listed.state,
        text=pretty(held.policy_text),
        read_at=held.policy_read_at,
        size=size_of(held.policy_text),
        services=tuple(row for row in rows if row.is_named),
        other_services=tuple(row for row in rows if not row.is_named),
        principals=principals_of(held, circumstances),
        findings=findings_of(services, region, name),
        templates=templates_of(services, held),
        evidence=evidence(services, region),
        running=live,
        problem=problem or held.problem,
    )


def _service_rows(
    services: Services, region: str, name: str, live: tuple[Progress, ...], now: datetime
) -> tuple[ServiceRow, ...]:
    added = history.last_grants_on(services.db, services.repository_key(region, name))
    at_work = {progress.service: progress for progress in live}
    rows = []
    for each in services_on(services.db, services.repository_key(region, name), now):
        service = each.service
        row = repository_row(each.access, added.get(service.name), at_work.get(service.name))
        is_named = row.by_name or row.access == "allowed" or row.running is not None
        rows.append(ServiceRow(service, row, is_named))
    return tuple(rows)
