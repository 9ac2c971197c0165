"""The history: filtered and paged by the query, exported as a stream; and a service's own history."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from app.history import export
from app.http.deps import NowDep, ServicesDep
from app.web import links
from app.web.deps import KnownPlace
from app.web.render import render
from app.web.routers import page_router
from app.web.views.history import HistoryFilterView, criteria_of, history_page, service_history_page

router = page_router()

Field = Annotated[str, Query(max_length=1000)]


async def filled_in(
    repository: Field = "",
    kind: Field = "",
    outcome: Field = "",
    person: Field = "",
    since: Field = "",
    until: Field = "",
    zone: Field = "",
) -> HistoryFilterView:
    """Return the filter of the form on a service's page, from the query. Without a `zone` the days are of UTC."""
    fields = (repository, kind, outcome, person, since, until, zone)
    return HistoryFilterView("", *(field.strip() for field in fields))


async def asked(
    form: Annotated[HistoryFilterView, Depends(filled_in)],
    service: Field = "",
    region: Field = "",
    of_repository: Field = "",
) -> HistoryFilterView:
    """Return the filter of the form on the page of the whole history, or of one repository's."""
    return replace(form, service=service.strip(), region=region, of_repository=of_repository)


async def exported(form: Annotated[HistoryFilterView, Depends(asked)], of_service: Field = "") -> HistoryFilterView:
    """Return the filter of an export: of everything, or of one service or repository."""
    return replace(form, of_service=of_service)


ServiceFilterDep = Annotated[HistoryFilterView, Depends(filled_in)]
FilterDep = Annotated[HistoryFilterView, Depends(asked)]
ExportDep = Annotated[HistoryFilterView, Depends(exported)]


@router.get(links.HISTORY)
def history(
    request: Request, services: ServicesDep, criteria: FilterDep, older: Field = "", newer: Field = ""
) -> Response:
    """Show all operations, newest first."""
    return render(request, history_page(services, criteria, older, newer))


@router.get(links.HISTORY + "/export.csv")
def as_csv(services: ServicesDep, criteria: ExportDep) -> Response:
    """Export the filtered history as CSV for spreadsheets."""
    lines = export.csv_lines(services.db, criteria_of(services, criteria))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=_named("csv"))


@router.get(links.HISTORY + "/export.json")
def as_json(services: ServicesDep, criteria: ExportDep) -> Response:
    """Export the filtered history as JSON, with every policy before and after."""
    lines = export.json_lines(services.db, criteria_of(services, criteria))
    return StreamingResponse(lines, media_type="application/json", headers=_named("json"))


@router.get("/containers/{region}/{service}/history", dependencies=[KnownPlace])
def of_service(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    criteria: ServiceFilterDep,
    region: str,
    service: str,
    older: Field = "",
    newer: Field = "",
) -> Response:
    """Show one service's operations, newest first."""
    filter_here = replace(criteria, region=region, of_service=service)
    return render(request, service_history_page(services, filter_here, now, (older, newer)))


def _named(kind: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="sailpass-history.{kind}"'}
