"""Findings about access: listed, dismissed, and shown again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from app.api.batches import accepted_batch
from app.api.responses import AWS, refusals, started
from app.api.routers import api_router
from app.api.schemas.batches import Batch
from app.api.schemas.findings import AccessFinding, DismissRequest, FindingList, RepairAllPreview, RepairAllRequest
from app.api.schemas.texts import TEXT
from app.console import findings as console
from app.console.regions import check_region
from app.console.repair_all import plan_repair_all, start_repair_all
from app.errors import Problem
from app.findings.dismissals import DismissalRequest, dismiss, restore
from app.findings.queries import FindingCursor, FindingFilter
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.policy.finding import Severity
from app.threads import run_in_threadpool

router = api_router("Findings", "/findings")

Text = Annotated[str, Query(max_length=256, pattern=TEXT)]
FindingId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$", description="A finding's id.")]


@router.get("", summary="Findings about access", responses=refusals(404))
def list_findings(
    services: ServicesDep,
    severity: Annotated[Severity | None, Query(description="Left out: any.")] = None,
    region: Annotated[Text, Query(description="A configured Region; empty: all of them.")] = "",
    service: Annotated[Text, Query(description="A service's whole name.")] = "",
    repository: Annotated[Text, Query(description="A repository's whole name.")] = "",
    q: Annotated[Text, Query(description="A part of a repository's or service's name.")] = "",
    *,
    dismissed: Annotated[bool, Query(description="Those that are dismissed instead of those that are open.")] = False,
    cursor: Annotated[str, Query(max_length=400, pattern=TEXT, description="`next` of a page.")] = "",
) -> FindingList:
    """The worst first, 50 at a time. Nothing is asked of AWS."""
    if region:
        check_region(services, region)
    criteria = FindingFilter(severity or "", region, service, repository, q, dismissed=dismissed)
    return FindingList.of(
        console.list_findings(services, criteria, FindingCursor.from_text(cursor) if cursor else None)
    )


@router.post("/repair/preview", summary="Preview repairing all findings", responses=refusals(*AWS))
async def preview_repair_all(services: ServicesDep, body: RepairAllRequest) -> RepairAllPreview:
    """One batch over all services: which policies would change, what would be refused, and what a person has to do."""
    plan = await plan_repair_all(services, body.region or "")
    return await run_in_threadpool(RepairAllPreview.of_repair, plan)


@router.post(
    "/repair", status_code=202, summary="Repair all access that findings are about", responses=started(*AWS, 409)
)
async def repair_all(services: ServicesDep, who: PersonDep, body: RepairAllRequest, response: Response) -> Batch:
    """Starts one batch for all services. Dismissed findings are left alone."""
    repair = await plan_repair_all(services, body.region or "")
    if body.previewed and body.previewed != repair.plan.fingerprint:
        raise Problem("batch.changed")
    batch_id = await start_repair_all(services, repair, who)
    return await run_in_threadpool(accepted_batch, services, response, batch_id)


@router.post("/{finding_id}/dismiss", summary="Dismiss a finding for a time", responses=refusals(404))
def dismiss_finding(
    services: ServicesDep, who: PersonDep, now: NowDep, finding_id: FindingId, body: DismissRequest
) -> AccessFinding:
    """It is no longer counted until the time is over; it stays listed with `dismissed=true`."""
    dismiss(services.db, services.connection, DismissalRequest(finding_id, body.reason, body.days, who), now)
    return AccessFinding.of(console.find_finding(services, finding_id))


@router.post("/{finding_id}/restore", summary="Show a dismissed finding again", responses=refusals(404, 409))
def restore_finding(services: ServicesDep, finding_id: FindingId) -> AccessFinding:
    """It is counted again."""
    restore(services.db, services.connection, finding_id)
    return AccessFinding.of(console.find_finding(services, finding_id))
