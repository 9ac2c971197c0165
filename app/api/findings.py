"""Findings about access: listed, dismissed, and shown again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.api.responses import refusals
from app.api.schemas.findings import AccessFinding, DismissRequest, FindingList
from app.api.schemas.texts import TEXT
from app.console import findings as console
from app.findings.dismissals import DismissalRequest, dismiss, restore
from app.findings.queries import Cursor, FindingFilter
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.http.routing import ThreadedRoute
from app.policy.finding import Severity

router = APIRouter(prefix="/findings", tags=["Findings"], route_class=ThreadedRoute)

Text = Annotated[str, Query(max_length=256, pattern=TEXT)]
FindingId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$", description="A finding's id.")]


@router.get("", summary="What is wrong or suspicious about access")
def list_findings(
    services: ServicesDep,
    severity: Severity | None = None,
    region: Text = "",
    service: Text = "",
    repository: Text = "",
    q: Annotated[Text, Query(description="A part of a repository's or service's name.")] = "",
    *,
    dismissed: Annotated[bool, Query(description="Those that are dismissed instead of those that are open.")] = False,
    cursor: Annotated[str, Query(max_length=400, pattern=TEXT, description="`next` of a page.")] = "",
) -> FindingList:
    """The worst first, 50 at a time. Nothing is asked of AWS."""
    wanted = FindingFilter(severity or "", region, service, repository, q, dismissed=dismissed)
    return FindingList.of(console.list_findings(services, wanted, Cursor.from_text(cursor) if cursor else None))


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
