"""The history: filtered and paged by the address, exported as a stream; and a service's own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from app.history import export
from app.web import links
from app.web.deps import KnownPlace, NowDep, ServicesDep
from app.web.pages_history import HistoryFilter
from app.web.render import render
from app.web.show.history import history_page, service_history_page, wanted_of

router = APIRouter(include_in_schema=False)

Field = Annotated[str, Query(max_length=256)]


def asked(
    service: Field = "",
    repository: Field = "",
    kind: Field = "",
    outcome: Field = "",
    person: Field = "",
    since: Field = "",
    until: Field = "",
) -> HistoryFilter:
    """What the reader asks for, from the address."""
    fields = (service, repository, kind, outcome, person, since, until)
    return HistoryFilter(*(field.strip() for field in fields))


FilterDep = Annotated[HistoryFilter, Depends(asked)]


@router.get(links.HISTORY)
def history(
    request: Request, services: ServicesDep, wanted: FilterDep, older: Field = "", newer: Field = ""
) -> Response:
    """All operations, newest first."""
    return render(request, history_page(services, wanted, older, newer))


@router.get(links.HISTORY + "/export.csv")
def as_csv(services: ServicesDep, wanted: FilterDep) -> Response:
    """The filtered history as a table for spreadsheets."""
    lines = export.csv_lines(services.db, wanted_of(services, wanted))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=_named("csv"))


@router.get(links.HISTORY + "/export.json")
def as_json(services: ServicesDep, wanted: FilterDep) -> Response:
    """The filtered history whole, with every policy before and after."""
    lines = export.json_lines(services.db, wanted_of(services, wanted))
    return StreamingResponse(lines, media_type="application/json", headers=_named("json"))


@router.get("/containers/{region}/{service}/history", dependencies=[KnownPlace])
def of_service(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    region: str,
    service: str,
    older: Field = "",
    newer: Field = "",
) -> Response:
    """One service's operations, newest first."""
    return render(request, service_history_page(services, region, service, now, (older, newer)))


def _named(kind: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="sailpass-history.{kind}"'}
