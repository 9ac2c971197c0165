"""Giving and taking access, switching the image puller role, and looking at it beforehand. Starts, never waits."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from starlette.responses import JSONResponse

from app.api.asked import KnownServiceDep, NamedServiceDep, RepositoryQuery, accepted
from app.api.previewing import preview_of
from app.api.refusals import AWS, refusals, started
from app.api.schemas.operations import Operation
from app.api.schemas.previews import Preview, PreviewRequest
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import GrantRequest, PruneRequest
from app.api.schemas.services import DeactivateRequest
from app.api.schemas.texts import FINGERPRINT
from app.bootstrap import Services
from app.errors import Problem
from app.inventory.queries import KnownService
from app.operations.start import Ask
from app.operations.state import Kind
from app.web.deps import PersonDep, ServicesDep
from app.web.forms import AccessForm, unknown_name
from app.web.problems import status_of
from app.web.show.dialogs import add_dialog, naming_role
from app.web.threads import ThreadedRoute, run_in_threadpool

HERE = "/services/{region}/{name}"

router = APIRouter(prefix=HERE, tags=["Access"], route_class=ThreadedRoute)


@router.post("/grants", status_code=202, summary="Give access to a repository", responses=started(*AWS))
async def grant(
    services: ServicesDep, who: PersonDep, known: KnownServiceDep, body: GrantRequest, response: Response
) -> Operation:
    """Activates the image puller role if need be, adds one statement to the policy, and verifies it.

    The same asked for twice is one operation: while it runs, its id is answered again.
    """
    place = (known.service.region, known.service.name, body.repository)
    refused = await unknown_name(services, AccessForm(*place, who))
    if refused is not None:
        return await run_in_threadpool(_refuse, services, place, refused)
    return await run_in_threadpool(
        _start, services, response, Kind.GRANT, known, who, body.repository, _as(body.previewed)
    )


@router.delete("/grants", status_code=202, summary="Take access away", responses=started(*AWS))
def revoke(
    services: ServicesDep,
    who: PersonDep,
    known: KnownServiceDep,
    repository: RepositoryQuery,
    response: Response,
    previewed: Annotated[
        str | None, Query(max_length=64, pattern=FINGERPRINT, description="As in the body of a grant.")
    ] = None,
) -> Operation:
    """Takes the service out of the policy wherever it is named; everything else stays as it is."""
    return _start(services, response, Kind.REVOKE, known, who, repository, _as(previewed))


@router.post("/grants/repair", status_code=202, summary="Repair access", responses=started(*AWS))
def repair(
    services: ServicesDep, who: PersonDep, known: KnownServiceDep, body: GrantRequest, response: Response
) -> Operation:
    """Gives access to the role that the service has now, and takes out those of its roles that cannot pull."""
    return _start(services, response, Kind.REPAIR, known, who, body.repository, _as(body.previewed))


@router.post("/policy/prune", status_code=202, summary="Take out dead principals", responses=started(404))
def prune(
    services: ServicesDep, who: PersonDep, named: NamedServiceDep, body: PruneRequest, response: Response
) -> Operation:
    """Takes principals that no longer exist out of a policy: ECR refuses every change while they stand there.

    The service need not exist any more.
    """
    asked = {**_as(body.previewed), "principals": body.principals}
    ask = Ask(Kind.PRUNE, *named, body.repository, who, asked)
    return accepted(services, response, services.starter.start(ask))


@router.post("/preview", summary="See what would be done", responses=refusals(*AWS))
async def preview(services: ServicesDep, named: NamedServiceDep, body: PreviewRequest) -> Preview:
    """The policy's change and the AWS calls, planned on the policy as AWS holds it now. Changes nothing."""
    place = (*named, body.repository)
    asked = {"principals": body.principals} if body.principals else None
    return await preview_of(services, Kind(body.kind), place, asked)


@router.post("/role/activate", status_code=202, summary="Activate the image puller role", responses=started(*AWS))
def activate(services: ServicesDep, who: PersonDep, known: KnownServiceDep, response: Response) -> Operation:
    """Ends once AWS has given the role its principal ARN."""
    return _start(services, response, Kind.ACTIVATE, known, who)


@router.post("/role/deactivate", status_code=202, summary="Deactivate the image puller role", responses=started(*AWS))
def deactivate(
    services: ServicesDep,
    who: PersonDep,
    known: KnownServiceDep,
    response: Response,
    body: DeactivateRequest | None = None,
) -> Operation:
    """The service can pull from no private repository then; a later activation gives the role another ARN."""
    asked: dict[str, Any] = {}
    if body is not None and body.remove_statements:
        asked["repositories"] = list(naming_role(services, known.service.region, known.service.name))
    return _start(services, response, Kind.DEACTIVATE, known, who, asked=asked)


def _start(
    services: Services,
    response: Response,
    kind: Kind,
    known: KnownService,
    who: str,
    repository: str = "",
    asked: dict[str, Any] | None = None,
) -> Operation:
    service = known.service
    ask = Ask(kind, service.region, service.name, repository, who, asked or {})
    return accepted(services, response, services.starter.start(ask))


def _as(previewed: str | None) -> dict[str, Any]:
    return {} if previewed is None else {"previewed": previewed}


def _refuse(services: Services, place: tuple[str, str, str], problem: Problem) -> Any:
    """The refusal of a repository's name, with the names that are like it."""
    dialog = add_dialog(services, *place, problem)
    told = dialog.refused or problem
    return JSONResponse(ProblemBody.of(told, dialog.nearest).model_dump(mode="json"), status_of(told))
