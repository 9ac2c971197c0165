"""Findings about access: the list, and dismissing them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import Response

from app.console.repair_all import plan_repair_all, start_repair_all
from app.errors import Problem
from app.findings.dismissals import DismissalRequest, dismiss, restore
from app.findings.queries import FindingFilter
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.policy.finding import Severity
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import RetryProblems
from app.web.render import redirect, render, safe_next
from app.web.routers import page_router
from app.web.views.findings import dismiss_dialog, findings_page
from app.web.views.repair_all import RepairAllPage

router = page_router(links.FINDINGS)

Text = Annotated[str, Query(max_length=1000)]
Back = Annotated[str, Form(alias="next", max_length=2000)]
NOT_FOUND = "finding.not_found"


@router.get("", dependencies=[RetryProblems])
def findings(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    severity: Text = "",
    region: Text = "",
    q: Text = "",
    dismissed: Text = "",
    cursor: Text = "",
) -> Response:
    """What is wrong or suspicious about access, the worst first."""
    chosen_severity = severity if severity in set(Severity) else ""
    criteria = FindingFilter(chosen_severity, region, name=q.strip(), dismissed=bool(dismissed))
    return render(request, findings_page(services, criteria, cursor, now))


@router.get("/repair")
async def ask_repair(request: Request, services: ServicesDep, now: NowDep, region: Text = "") -> Response:
    """What one batch would repair across services, and what it would not. Changes nothing."""
    repair = await plan_repair_all(services, region)
    return await run_in_threadpool(render, request, RepairAllPage(repair, now))


@router.post("/repair")
async def repair(
    request: Request,
    services: ServicesDep,
    who: PersonDep,
    now: NowDep,
    seen: Annotated[str, Form(max_length=64)],
    region: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    """Start what was previewed; what has changed since is shown again."""
    planned = await plan_repair_all(services, region)
    if planned.plan.fingerprint != seen:
        page = RepairAllPage(planned, now, has_changed=True)
        return await run_in_threadpool(render, request, page, status=409)
    return redirect(request, links.batch(await start_repair_all(services, planned, who)))


@router.get("/{finding_id}/dismiss")
def ask_dismiss(
    request: Request,
    services: ServicesDep,
    finding_id: str,
    back: Annotated[str, Query(alias="next", max_length=2000)] = "",
) -> Response:
    """The dialog that asks for a reason."""
    return render(request, dismiss_dialog(services, finding_id, safe_next(back, links.FINDINGS)))


@router.post("/{finding_id}/dismiss")
def dismiss_finding(
    request: Request,
    services: ServicesDep,
    who: PersonDep,
    now: NowDep,
    finding_id: str,
    reason: Annotated[str, Form(max_length=5000)] = "",
    days: Annotated[int, Form()] = 30,
    back: Back = "",
) -> Response:
    """Dismiss it; a missing reason comes back with the dialog."""
    back = safe_next(back, links.FINDINGS)
    try:
        dismiss(services.db, services.connection, DismissalRequest(finding_id, reason, days, who), now)
    except Problem as problem:
        if problem.code == NOT_FOUND:
            raise
        dialog = dismiss_dialog(services, finding_id, back, reason=reason, days=days, problem=problem)
        return render(request, dialog, status=422)
    return redirect(request, back)


@router.post("/{finding_id}/restore")
def restore_finding(request: Request, services: ServicesDep, finding_id: str, back: Back = "") -> Response:
    """Show a dismissed finding again."""
    restore(services.db, services.connection, finding_id)
    return redirect(request, safe_next(back, links.findings(dismissed="1")))
