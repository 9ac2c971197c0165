"""Container services, the repositories that each can pull from, and the caller's identity."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import Query

from app.api.deps import OF_SERVICE, KnownServiceDep, NamedServiceDep, RepositoryQuery
from app.api.responses import AWS, refusals
from app.api.routers import api_router
from app.api.schemas.as_code import AccessAsCode, AsCodeRequest, ManyAsCodeAnswer, RepositoryLeftOut
from app.api.schemas.policies import Policy
from app.api.schemas.repositories import ChoiceList, RepositoryList
from app.api.schemas.services import Identity, RegionRead, Service, ServiceList
from app.api.schemas.texts import TEXT
from app.as_code.grant import Form
from app.console import services as console
from app.console.as_code import as_code
from app.console.batch_plans import BatchRequest
from app.console.freshness import freshness
from app.console.many_as_code import ManyAsCode, selection_as_code, service_as_code
from app.console.policies import repository_policy
from app.console.repositories import resolve_repository
from app.console.service_repositories import service_repositories
from app.console.timeouts import PATIENCE, within
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.inventory import queries, repository_search
from app.operations.state import Kind
from app.threads import run_in_threadpool

router = api_router("Services")

Text = Annotated[str, Query(max_length=100, pattern=TEXT)]


@router.get("/identity", summary="User and AWS identity")
def identity(services: ServicesDep, who: PersonDep) -> Identity:
    """Also the cheapest way to check a token."""
    aws_caller = queries.find_caller(services.db, services.connection)
    caller, seen_at = aws_caller or (None, None)
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
    """From the console's own store, with how fresh each region is; old data is read again in the background."""
    answer = console.list_services(services)
    return ServiceList(
        services=[Service.of(each) for each in answer.services if q.lower() in each.service.name],
        regions=[RegionRead.of(read, reading=freshness(read, now).reading) for read in answer.regions],
    )


@router.get(OF_SERVICE, summary="One container service", responses=refusals(*AWS))
def get_service(services: ServicesDep, known_service: KnownServiceDep) -> Service:
    """From the console's own store; an unknown service is read from AWS."""
    return Service.of(console.summarize(services, known_service))


@router.get(OF_SERVICE + "/repositories", summary="Repositories the service can pull from", responses=refusals(*AWS))
def list_repositories(services: ServicesDep, known_service: KnownServiceDep) -> RepositoryList:
    """Every repository whose policy names the service, each with its verdict and the reason."""
    return RepositoryList.of(service_repositories(services, known_service.service.region, known_service.service.name))


@router.get(OF_SERVICE + "/repositories/choices", summary="Repositories to choose from", responses=refusals(*AWS))
def list_choices(
    services: ServicesDep,
    known_service: KnownServiceDep,
    q: Annotated[Text, Query(description="A part of the name.")] = "",
) -> ChoiceList:
    """Those in the service's region that it cannot pull from yet."""
    return ChoiceList.of(
        repository_search.choices(
            services.db, services.connection, known_service.service, q.strip(), now=services.clock.now()
        )
    )


@router.get(OF_SERVICE + "/repositories/as-code", summary="Access to a repository as code", responses=refusals(*AWS))
async def get_as_code(
    services: ServicesDep, known_service: KnownServiceDep, repository: RepositoryQuery, form: Form
) -> AccessAsCode:
    """The whole repository policy with access for the service, as `aws` commands, Terraform or CloudFormation.

    Reads the policy from AWS now and changes nothing.
    """
    region, name = known_service.service.region, known_service.service.name
    repository = await resolve_repository(services, region, repository)
    problem = await within(PATIENCE, services.scanner.refresh_repository(region, repository))
    code = await run_in_threadpool(as_code, services, region, name, repository, form, problem=problem)
    return await run_in_threadpool(AccessAsCode.of, code)


@router.post(
    OF_SERVICE + "/repositories/as-code", summary="Access to many repositories as code", responses=refusals(*AWS)
)
async def get_many_as_code(services: ServicesDep, named: NamedServiceDep, body: AsCodeRequest) -> ManyAsCodeAnswer:
    """The policies of all of them with access for the service, as they were last read. Changes nothing."""
    chosen = BatchRequest(Kind.GRANT, (named,), tuple(body.repositories or ()), body.match or "")
    (made,) = await selection_as_code(services, chosen, (Form(body.form),))
    return await run_in_threadpool(_many, made)


@router.get(OF_SERVICE + "/as-code", summary="A service and all its access as code", responses=refusals(*AWS))
async def get_service_as_code(services: ServicesDep, named: NamedServiceDep, form: Form) -> ManyAsCodeAnswer:
    """The service, and the policy of every repository that names it, as they were last read. Changes nothing."""
    (made,) = await service_as_code(services, named, (form,))
    return await run_in_threadpool(_many, made)


@router.get(OF_SERVICE + "/policy", summary="A repository's policy in plain words", responses=refusals(*AWS))
async def get_policy(
    services: ServicesDep, now: NowDep, known_service: KnownServiceDep, repository: RepositoryQuery
) -> Policy:
    """Read from AWS now, at most once in three seconds; if that fails, `problem` says why and `read_at` is the age."""
    region, name = known_service.service.region, known_service.service.name
    repository = await resolve_repository(services, region, repository)
    problem = await within(PATIENCE, services.scanner.refresh_repository(region, repository))
    return await run_in_threadpool(
        lambda: Policy.of(repository_policy(services, region, name, repository, now=now, problem=problem))
    )


def _many(made: ManyAsCode) -> ManyAsCodeAnswer:
    left_out = [RepositoryLeftOut.of(each) for each in made.left_out]
    return ManyAsCodeAnswer.of(made.code, repositories=made.repositories, left_out=left_out)
