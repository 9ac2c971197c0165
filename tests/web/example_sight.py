"""The pages of all repositories, of one, of findings and of who can pull, in every state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.aws.pull_ports import ImageDetail
from app.console.batch_plans import BatchPlan, ItemState, PlannedItem
from app.console.evidence import Evidence, RegistryEvidence, RegistryState
from app.console.findings import LINES, FindingRow, FindingsAnswer, Knowledge
from app.console.freshness import Freshness, PartFailure
from app.console.repair_all import RepairAllPlan
from app.console.repository_detail import RepositoryDetail, ServiceRow
from app.console.repository_images import RepositoryImages
from app.console.repository_list import RepositoryListAnswer
from app.console.repository_templates import Template
from app.console.who_can_pull import PullRow, WhoCanPull
from app.errors import Problem
from app.findings.finding import AccessFinding, Repair
from app.findings.messages import sentence_of, todo_of
from app.findings.queries import DismissedBy, FindingCounts, FindingCursor, FindingFilter, ListedFinding
from app.inventory.newest_images import NewestTags
from app.inventory.principal_access import PrincipalAnswer
from app.inventory.repositories import ListedRepository, RepositoryCounts, RepositoryCursor, RepositoryFilter
from app.operations.state import Kind
from app.policy.finding import Severity
from app.policy.verdict import Access as PolicyAccess
from app.web import links
from app.web.views.base import View
from app.web.views.findings import DismissDialog, FindingsPage
from app.web.views.repair_all import RepairAllPage
from app.web.views.repositories import RepositoriesPage, WhoCanPullPage
from app.web.views.repository import RepositoryImagesPage, RepositoryPage
from app.wording import Message
from tests.web.example_parts import NOW, Parts

KNOWN = Knowledge(0, 0, never_read=False)
REGIONS = ("us-east-1", "eu-west-1")
COUNTS = FindingCounts({"error": 1, "warning": 1, "info": 1}, 1)


def pullers(*services: str, count: int = 0, others: int = 0, everyone: bool = False) -> dict[str, object]:
    return {
        "services": list(services),
        "service_count": count or len(services),
        "others": others,
        "everyone": everyone,
    }


def listed(parts: Parts, name: str, state: str = "fine", **changes: object) -> ListedRepository:
    read = NOW - timedelta(minutes=4)
    row = ListedRepository(
        "us-east-1", name, parts.uri(name), NOW, read, read, None, 320, state, "", 0, pullers(), is_due=False
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def repositories(parts: Parts) -> RepositoriesPage:
    rows = (
        listed(
            parts,
            parts.repository,
            pullers=pullers(parts.service_name, "payments-api", "tools", count=5, others=2),
            newest=NewestTags(("1.8.2", parts.service_name), NOW - timedelta(days=2), NOW, NOW),
        ),
        listed(parts, "a/open", "findings", severity="warning", finding_count=1, pullers=pullers(everyone=True)),
        listed(parts, "b/broken", "findings", severity="error", finding_count=2, pullers=None, is_due=True),
        listed(parts, "c/bare", "none", policy_size=0, newest=NewestTags((), None, NOW, NOW, parts.problem())),
        listed(parts, "d/new", "unread", pullers=None, policy_size=None, policy_read_at=None),
        listed(parts, "e/refused", "unread", pullers=None, policy_size=None, problem=parts.problem()),
    )
    counts = RepositoryCounts({"fine": 120, "findings": 2, "none": 1, "unread": 2})
    answer = RepositoryListAnswer(
        rows, counts, replace(KNOWN, unread=2), parts.fresh(), RepositoryCursor("e/refused", "us-east-1")
    )
    return RepositoriesPage(answer, RepositoryFilter(), REGIONS, NOW, is_first=False)


def finding_row(parts: Parts, code: str, severity: Severity, **changes: object) -> FindingRow:
    params: dict[str, str | int] = {
        "statement": f"#2 ({parts.service_name})",
        "service": parts.service_name,
        "principal": "AROAEXAMPLEDEADROLE01",
        "account": "210987654321",
    }
    finding = AccessFinding("us-east-1", parts.repository, code, severity, parts.service_name, params=params)
    row = FindingRow(
        ListedFinding(finding, NOW - timedelta(hours=3)),
        Message(sentence_of(code), params),
        Message(todo_of(code), params),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def finding_rows(parts: Parts) -> tuple[FindingRow, ...]:
    wrong = finding_row(parts, "finding.general_role", Severity.ERROR, repair=Repair.REPAIR, service=parts.service_name)
    dead = finding_row(
        parts, "finding.deleted_principal", Severity.WARNING, repair=Repair.PRUNE, service=parts.service_name
    )
    shared = finding_row(parts, "finding.account_pulls", Severity.INFO)
    dismissal = DismissedBy(parts.person, parts.repository, NOW, NOW + timedelta(days=30))
    return wrong, dead, replace(shared, listed=replace(shared.listed, dismissal=dismissal)), *service_rows(parts)


def service_rows(parts: Parts) -> tuple[FindingRow, ...]:
    """Findings about a service, and about an image that it deploys."""
    told = {"stack": parts.service_name, "reference": "1.8.2", "version": 3, "repository": parts.repository}
    rows = []
    for code in ("finding.stack_may_deactivate", "finding.stack_deactivates", "finding.image_gone"):
        row = finding_row(parts, code, Severity.WARNING, lines=LINES.get(code, ""))
        params = {**row.listed.finding.params, **told}
        rows.append(replace(row, what=Message(sentence_of(code), params), todo=Message(todo_of(code), params)))
    alone = replace(rows[0].listed, in_repository=False)
    rows[0] = replace(rows[0], listed=replace(alone, finding=replace(alone.finding, repository="")))
    return tuple(rows)


def repair_all(parts: Parts) -> RepairAllPage:
    items = (
        PlannedItem("us-east-1", parts.service_name, parts.repository, ItemState.CHANGES, read_at=NOW),
        PlannedItem("eu-west-1", "tools", "a/refused", ItemState.REFUSED, parts.problem(), read_at=NOW),
    )
    plan = BatchPlan(Kind.REPAIR, items, (("us-east-1", parts.service_name),))
    repair = RepairAllPlan(plan, finding_rows(parts), 204, replace(KNOWN, unknown_images=2))
    return RepairAllPage(repair, NOW)


def findings(parts: Parts) -> FindingsPage:
    cursor = FindingCursor(1, parts.repository, "us-east-1", "0" * 20)
    answer = FindingsAnswer(finding_rows(parts), COUNTS, KNOWN, cursor)
    return FindingsPage(answer, FindingFilter(), REGIONS, NOW, is_first=False)


def repository(parts: Parts) -> RepositoryPage:
    policy = parts.repository_policy()
    rows = tuple(ServiceRow(parts.service(name=row.name.replace("/", "-")), row, is_named=True) for row in parts.rows())
    others = tuple(ServiceRow(parts.service(name=name), parts.rows()[0], is_named=False) for name in ("blog", "tools"))
    evidence = Evidence(RegistryEvidence(RegistryState.NONE, Message("The registry has no registry policy"), NOW), NOW)
    detail = RepositoryDetail(
        "us-east-1",
        parts.repository,
        parts.uri(),
        "arn:aws:ecr:us-east-1:123456789012:repository/storefront/web",
        NOW,
        "findings",
        policy.text,
        NOW - timedelta(minutes=1),
        4210,
        rows,
        others,
        policy.readers,
        finding_rows(parts),
        (
            Template(Message("AWS CLI"), "aws ecr get-repository-policy"),
            Template(Message("Terraform"), parts.repository),
        ),
        evidence,
        (parts.progress(),),
    )
    return RepositoryPage(detail, (parts.progress(), parts.succeeded_view().progress), NOW)


def images(parts: Parts) -> RepositoryImages:
    digest = "sha256:" + "0" * 64
    return RepositoryImages(
        (
            ImageDetail(digest, ("1.8.2", parts.service_name), NOW, 268_700_000, last_pulled_at=NOW),
            ImageDetail(digest, ("1.7.0",), None, 12, status="ARCHIVED"),
        ),
        whole=False,
    )


def who(parts: Parts) -> WhoCanPull:
    principal = f"arn:aws:iam::210987654321:role/{parts.person}"
    reason = Message("Statement %(statement)s allows this principal to pull.", {"statement": parts.service_name})
    rows = tuple(
        PullRow("us-east-1", parts.repository, access, reason)
        for access in (PolicyAccess.ALLOWED, PolicyAccess.CONDITIONAL, PolicyAccess.DENIED, None)
    )
    return WhoCanPull(principal, KNOWN, PrincipalAnswer(principal, "210987654321", (), 3), rows)


def sight_examples(parts: Parts) -> dict[str, View]:
    """Pages by name."""
    failures = (PartFailure(parts.service_name, parts.denied(), NOW - timedelta(hours=2)),)
    ignorant = Knowledge(3, 1, never_read=True, failures=failures)
    some, found, one, pulls = repositories(parts), findings(parts), repository(parts), who(parts)
    nothing = replace(some.answer, rows=(), counts=RepositoryCounts(), next=None, knowledge=KNOWN)
    no_finding = FindingsAnswer((), FindingCounts(), KNOWN)
    bare = replace(one.detail, services=(), principals=(), findings=(), text=None, running=(), state="none")
    unread = replace(bare, read_at=None, principals=None, state="unread", problem=parts.problem())
    return {
        "repositories": some,
        "repositories-empty": replace(some, answer=nothing, is_first=True),
        "repositories-filtered": replace(some, answer=nothing, filter=RepositoryFilter(parts.repository)),
        "repositories-unread": replace(
            some,
            answer=replace(nothing, knowledge=ignorant, freshness=Freshness(NOW, reading=True), listing=False),
            is_first=True,
        ),
        "repository": one,
        "repository-bare": replace(one, detail=bare, operations=()),
        "repository-unread": replace(one, detail=unread, operations=()),
        "repository-images": RepositoryImagesPage("us-east-1", parts.repository, images(parts), NOW),
        "repository-images-refused": RepositoryImagesPage(
            "us-east-1", parts.repository, RepositoryImages(problem=parts.problem()), NOW
        ),
        "findings": found,
        "findings-repair-all": repair_all(parts),
        "findings-nothing-to-repair": replace(
            repair_all(parts),
            repair=RepairAllPlan(BatchPlan(Kind.REPAIR, ()), (), 0, KNOWN),
            has_changed=True,
        ),
        "findings-none": replace(found, answer=no_finding, is_first=True),
        "findings-filtered": replace(
            found, answer=no_finding, filter=FindingFilter(name=parts.repository, dismissed=True)
        ),
        "findings-loading": replace(
            found, answer=replace(no_finding, knowledge=Knowledge(0, 0, never_read=True)), is_first=True
        ),
        "findings-unknown": replace(found, answer=replace(no_finding, knowledge=ignorant), is_first=True),
        "who-can-pull": WhoCanPullPage(pulls, NOW),
        "who-can-pull-asked-nothing": WhoCanPullPage(WhoCanPull("", ignorant), NOW),
        "who-can-pull-refused": WhoCanPullPage(
            WhoCanPull(parts.repository, KNOWN, problem=Problem("principal.bad_arn", value=parts.repository)), NOW
        ),
        "who-can-pull-none": WhoCanPullPage(replace(pulls, rows=(), knowledge=ignorant), NOW),
    }


def dismiss_dialogs(parts: Parts) -> dict[str, View]:
    """Dialogs by name."""
    row = finding_rows(parts)[0]
    dialog = DismissDialog(
        Message("Dismiss finding"), row, links.finding(row.listed.finding.id, "dismiss"), links.FINDINGS
    )
    refused = replace(dialog, reason=parts.person, problem=Problem("finding.no_reason"))
    return {"dismiss": dialog, "dismiss-refused": refused}
