"""Shared dependencies of routes: the service in the path, and the response to a started operation."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import Depends, Path, Query, Response

from app.api.schemas.operations import Operation
from app.api.schemas.texts import REGION, TEXT
from app.bootstrap import Services
from app.console.nearest import with_nearest
from app.console.operations import get_progress
from app.console.regions import check_region
from app.console.services import get_service, nearest_services
from app.console.timeouts import PROGRAM_PATIENCE
from app.errors import Problem
from app.http.deps import LONGEST_SERVICE, SERVICE_NAME, ServicesDep
from app.inventory.queries import KnownService
from app.messages import i18n
from app.threads import run_in_threadpool

ROOT = "/api/v1"
OF_SERVICE = "/services/{region}/{name}"

Region = Annotated[str, Path(pattern=REGION, max_length=32, examples=["us-east-1"])]
Name = Annotated[str, Path(pattern=SERVICE_NAME, max_length=LONGEST_SERVICE, examples=["storefront"])]
OperationId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="An operation's id.")]
RepositoryQuery = Annotated[str, Query(min_length=1, max_length=1000, pattern=TEXT, examples=["storefront/web"])]


class ServiceName(NamedTuple):
    """A service by its name."""

    region: str
    name: str


async def speak_english() -> None:
    """Set English for every sentence, whatever the language of the program's user."""
    i18n.use(i18n.ENGLISH, {})


async def named_service(services: ServicesDep, region: Region, name: Name) -> ServiceName:
    """Return the service in the path, existing or not. Raises Problem `region.not_configured`."""
    check_region(services, region)
    return ServiceName(region, name)


NamedServiceDep = Annotated[ServiceName, Depends(named_service)]


async def known_service(services: ServicesDep, named: NamedServiceDep) -> KnownService:
    """Return the service in the path; an unknown one is read from AWS once.

    Raises:
        Problem: `region.not_configured`, `service.not_found`, or why the read failed.
    """
    try:
        return await get_service(services, *named, seconds=PROGRAM_PATIENCE)
    except Problem as problem:
        if problem.code == "service.not_found":
            with_nearest(problem, await run_in_threadpool(nearest_services, services, *named))
        raise


KnownServiceDep = Annotated[KnownService, Depends(known_service)]


def accepted(services: Services, response: Response, operation_id: str) -> Operation:
    """Return the body of a 202 response, for a request that started an operation or found it running."""
    response.headers["Location"] = f"{ROOT}/operations/{operation_id}"
    return Operation.of(get_progress(services, operation_id))
