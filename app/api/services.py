"""Container services, the repositories that each can pull from, and who we are."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query

from app.api.deps import KnownServiceDep, RepositoryQuery
from app.api.responses import AWS, refusals
from app.api.schemas.policies import Policy
from app.api.schemas.repositories import ChoiceList, RepositoryList
from app.api.schemas.services import Identity, RegionRead, Service, ServiceList
from app.api.schemas.texts import TEXT
from app.console import services as console
from app.console.access import service_repositories
from app.console.policies import repository_policy
from app.console.repositories import resolve_repository
from app.console.timeouts import PATIENCE, within
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.http.routing import ThreadedRoute
from app.inventory import queries, search
from app.threads import run_in_threadpool

router = APIRouter(tags=["Services"], route_class=ThreadedRoute)

Text = Annotated[str, Query(max_length=100, pattern=TEXT)]
HERE = "/services/{region}/{name}"


@router.get("/identity", summary="Who asks, and who AWS takes this console for")
def identity(services: ServicesDep, who: PersonDep) -> Identity:
    """Also the cheapest way to see whether a token counts."""
    known = queries.find_caller(services.db, services.connection)
    caller, seen_at = known or (None, None)
    return Identity(
        person=who,
        version=version("sailpass"),
        regions=list(services.regions),
        account=caller.account if caller else "",
        arn=caller.arn if caller else "",
        seen_at=seen_at,
    )


@router.get("/services", summary="All container services")
def list_services(
    services: ServicesDep,
    now: NowDep,
    q: Annotated[Text, Query(description="A part of the name.")] = "",
) -> ServiceList:
    """From the console's own store, with how fresh each region is; what has grown old is read again behind."""
    answer = console.list_services(services)
    return ServiceList(
        services=[Service.of(each) for each in answer.services if q.lower() in each.service.name],
        regions=[RegionRead.of(reading, now) for reading in answer.regions],
    )


@router.get(HERE, summary="One container service", responses=refusals(*AWS))
def get_service(services: ServicesDep, known: KnownServiceDep) -> Service:
    """From the console's own store; one that is not there yet is asked for at AWS."""
    return Service.of(console.summarize(services, known))


@router.get(HERE + "/repositories", summary="Where the service can pull from", responses=refusals(*AWS))
def list_repositories(services: ServicesDep, known: KnownServiceDep) -> RepositoryList:
    """Every repository whose policy is about the service, each with our verdict and its reason."""
    return RepositoryList.of(service_repositories(services, known.service.region, known.service.name))


@router.get(HERE + "/repositories/choices", summary="Repositories to choose from", responses=refusals(*AWS))
def list_choices(
    services: ServicesDep,
    known: KnownServiceDep,
    q: Annotated[Text, Query(description="A part of the name.")] = "",
) -> ChoiceList:
    """Those of the service's region that it cannot pull from yet."""
    return ChoiceList.of(
        search.choices(services.db, services.connection, known.service, q.strip(), now=services.clock.now())
    )


@router.get(HERE + "/policy", summary="A repository's policy in plain words", responses=refusals(*AWS))
async def get_policy(services: ServicesDep, now: NowDep, known: KnownServiceDep, repository: RepositoryQuery) -> Policy:
    """Read from AWS now, at most once in three seconds; where `problem` says why not, as it was read at `read_at`."""
    region, name = known.service.region, known.service.name
    repository = await resolve_repository(services, region, repository)
    problem = await within(PATIENCE, services.scanner.refresh_repository(region, repository))
    return await run_in_threadpool(
        lambda: Policy.of(repository_policy(services, region, name, repository, now=now, problem=problem))
    )
