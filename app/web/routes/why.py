"""Why a service can't pull an image, or why the image doesn't run."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import Response

from app.bootstrap import Services
from app.console.diagnosis import diagnose, image_of_repository, question_of
from app.console.identity import endpoints_of
from app.console.repositories import resolve_repository
from app.diagnosis.image_uri import LONGEST
from app.errors import Problem
from app.http.deps import ServicesDep
from app.keys import RegionAndName
from app.threads import run_in_threadpool
from app.web.deps import KnownPlace
from app.web.render import render
from app.web.routers import page_router
from app.web.views.why import WhyPage, why_page

router = page_router("/containers/{region}/{service}", dependencies=[KnownPlace])

Image = Annotated[str, Query(max_length=LONGEST)]
Name = Annotated[str, Query(max_length=64)]


@router.get("/why")
async def why(
    request: Request,
    services: ServicesDep,
    region: str,
    service: str,
    image: Image = "",
    repository: Image = "",
    container: Name = "",
) -> Response:
    """Show the diagnosis, read now: of an image, of a repository's, or of the newest deployment's."""
    if repository and not image:
        name = await resolve_repository(services, region, repository)
        image = await image_of_repository(services, region, service, name)
    return await _answer(request, services, (region, service), (image, container))


@router.post("/why")
async def why_with_platform(
    request: Request,
    services: ServicesDep,
    region: str,
    service: str,
    image: Annotated[str, Form(max_length=LONGEST)],
    container: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Show the same with the image's platform, for which its manifest is read: ECR records that as a pull."""
    return await _answer(request, services, (region, service), (image, container), platform=True)


async def _answer(
    request: Request,
    services: Services,
    region_and_name: RegionAndName,
    subject: tuple[str, str],
    *,
    platform: bool = False,
) -> Response:
    try:
        diagnoses = await diagnose(services, question_of(services, region_and_name, *subject, platform=platform))
        page = await run_in_threadpool(lambda: why_page(diagnoses, endpoints_of(services)))
    except Problem as problem:
        page = WhyPage(*region_and_name, *subject, problem=problem)
    return await run_in_threadpool(render, request, page)
