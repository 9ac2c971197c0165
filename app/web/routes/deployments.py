"""Deploying: the dialog, its preview, and what starts a deployment."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Form, Path, Query, Request
from starlette.responses import Response

from app.bootstrap import Services
from app.console.deployment_log import LogQuestion, read_deployment_log
from app.console.deployments import DeploymentPreview, ImageList, list_images, preview_deployment, start_deployment
from app.console.image_platform import read_platform
from app.console.repositories import resolve_repository
from app.deployments.log import LONGEST_CURSOR, LONGEST_TEXT
from app.deployments.reference import split_image
from app.deployments.request import DeployRequest, check_request
from app.errors import Problem
from app.http.deps import PersonDep, ServicesDep
from app.http.htmx import is_htmx
from app.keys import RegionAndName
from app.threads import run_in_threadpool
from app.web.deps import LONG_PATIENCE, KnownPlace, patience
from app.web.render import render
from app.web.responses import started
from app.web.routers import page_router
from app.web.views.deploy import DeployForm, DeployPreview, deploy_dialog, deploy_preview
from app.web.views.deployment_log import DeploymentLogPage
from app.web.views.image_platform import PlatformView, platform_view

router = page_router("/containers/{region}/{service}/deployments", dependencies=[KnownPlace])

DIGEST = "sha256:"


LONGEST = 1_000


async def sent_form(
    repository: Annotated[str, Form(max_length=1000)] = "",
    tag: Annotated[str, Form(max_length=1000)] = "",
    other: Annotated[str, Form(max_length=1000)] = "",
    container: Annotated[str, Form(max_length=100)] = "",
    new_container: Annotated[str, Form(max_length=100)] = "",
    port: Annotated[str, Form(max_length=10)] = "",
    protocol: Annotated[str, Form(max_length=10)] = "HTTP",
    public: Annotated[str, Form(max_length=1)] = "",
    health_check_path: Annotated[str, Form(max_length=1000)] = "",
    pin: Annotated[str, Form(max_length=1)] = "",
    grant: Annotated[str, Form(max_length=1)] = "",
    rollback: Annotated[str, Form(max_length=1)] = "",
    version: Annotated[str, Form(max_length=10)] = "",
) -> DeployForm:
    """What the dialog's form holds."""
    return _form(locals())


# The form is in the dialog's address too: who has no scripts sends it there to preview it.
FIELDS = tuple(inspect.signature(sent_form).parameters)


async def asked_form(request: Request) -> DeployForm:
    """What the address asks for."""
    return _form({name: request.query_params.get(name, "")[:LONGEST] for name in FIELDS})


def _form(values: Mapping[str, str]) -> DeployForm:
    """What was filled in; a repository may come with a tag or digest, as it is pasted."""
    given = {name: value.strip() for name, value in values.items()}
    pasted = split_image(given["repository"])
    image = given["other"] or given["tag"] or pasted.tag or pasted.digest
    is_digest = image.startswith(DIGEST)
    adds = bool(given["new_container"])
    request = DeployRequest(
        tag="" if is_digest else image,
        digest=image if is_digest else "",
        container=given["new_container"] or given["container"],
        port=_number(given["port"]) if adds else 0,
        protocol=(given["protocol"] or "HTTP") if adds else "HTTP",
        public=adds and bool(given["public"]),
        health_check_path=given["health_check_path"] if adds and given["public"] else "",
        version=_number(given["version"]),
        pin=bool(given["pin"]),
        grant=bool(given["grant"]),
        rollback=bool(given["rollback"]),
    )
    return DeployForm(pasted.repository, request)


def _number(text: str) -> int:
    """The number, 0 for none; one that can't be for what is none, so that it is refused with what to do."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdecimal() else -1


AskedForm = Annotated[DeployForm, Depends(asked_form)]
SentForm = Annotated[DeployForm, Depends(sent_form)]


@router.get("/new")
async def new(request: Request, services: ServicesDep, region: str, service: str, form: AskedForm) -> Response:
    """The Deploy dialog; on a page of its own with the preview at once."""
    return await _dialog(request, services, (region, service), form)


@router.get("/preview")
async def preview(request: Request, services: ServicesDep, region: str, service: str, form: AskedForm) -> Response:
    """What the form's deployment would change, and why it would fail."""
    return await run_in_threadpool(render, request, await _preview(services, (region, service), form))


@router.post("/platform")
async def platform(
    request: Request,
    services: ServicesDep,
    region: str,
    service: str,
    form: SentForm,
    previewed: Annotated[str, Form(max_length=100)] = "",  # noqa: ARG001  (the form has it)
) -> Response:
    """The platform of the form's image, for which its manifest is read: ECR records that as a pull."""
    shown = await _platform(services, region, form)
    if is_htmx(request):
        return await run_in_threadpool(render, request, shown)
    region_and_name = (region, service)
    dialog = await run_in_threadpool(
        deploy_dialog, services, region_and_name, form, await _images(request, services, region, form)
    )
    return await run_in_threadpool(render, request, replace(dialog, platform=shown))


@router.get("/{version}/log")
async def log(
    request: Request,
    services: ServicesDep,
    region: str,
    service: str,
    version: Annotated[int, Path(ge=1, le=10**9)],
    container: Annotated[str, Query(max_length=100)] = "",
    text: Annotated[str, Query(max_length=LONGEST_TEXT)] = "",
    minutes: Annotated[int, Query(ge=0, le=10_000)] = 0,
    after: Annotated[str, Query(max_length=LONGEST_CURSOR)] = "",
) -> Response:
    """The log of a version's container, read now; on a page of its own for who has no scripts."""
    question = LogQuestion(version, container, text.strip(), minutes, after)
    page = DeploymentLogPage(region, service, question)
    try:
        page = replace(
            page, log=await read_deployment_log(services, (region, service), question, seconds=LONG_PATIENCE)
        )
    except Problem as problem:
        page = replace(page, problem=problem)
    return await run_in_threadpool(render, request, page)


@router.post("")
async def deploy(
    request: Request,
    services: ServicesDep,
    who: PersonDep,
    region: str,
    service: str,
    form: SentForm,
    previewed: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Start the deployment; what cannot be comes back with the dialog."""
    seen = previewed.partition(" ")[2]
    try:
        repository = await _repository(services, region, form)
        _check_preview(previewed, form)
        target = (region, service, repository)
        operation = await run_in_threadpool(start_deployment, services, target, form.request, who, seen)
    except Problem as problem:
        return await _dialog(request, services, (region, service), form, problem)
    return await run_in_threadpool(started, request, services, operation)


async def _platform(services: Services, region: str, form: DeployForm) -> PlatformView:
    """What the manifest says, or why it can't be read."""
    tag = "" if form.request.digest else form.request.tag or "latest"
    try:
        check_request(DeployRequest(tag, form.request.digest))
        repository = await resolve_repository(services, region, form.repository)
        read = read_platform(services, region, repository, tag, form.request.digest, seconds=LONG_PATIENCE)
        return await run_in_threadpool(platform_view, await read)
    except Problem as problem:
        return PlatformView(problem=problem)


def _check_preview(previewed: str, form: DeployForm) -> None:
    """Raise Problem `deployment.preview_differs` where the form was changed after the preview that came with it."""
    if previewed and previewed.partition(" ")[0] != form.mark:
        raise Problem("deployment.preview_differs")


async def _dialog(
    request: Request,
    services: Services,
    region_and_name: RegionAndName,
    form: DeployForm,
    problem: Problem | None = None,
) -> Response:
    """The dialog; on a page of its own with the preview of what is selected at first."""
    images = await _images(request, services, region_and_name[0], form) if form.repository else None
    dialog = await run_in_threadpool(deploy_dialog, services, region_and_name, form, images, problem)
    if not is_htmx(request) and dialog.names_deployment:
        dialog = replace(dialog, form=dialog.filled, preview=await _preview(services, region_and_name, dialog.filled))
    return await run_in_threadpool(render, request, dialog, status=422 if problem else 200)


async def _images(request: Request, services: Services, region: str, form: DeployForm) -> ImageList | Problem | None:
    if form.request.version:
        return None
    try:
        repository = await resolve_repository(services, region, form.repository)
        return await list_images(services, region, repository, seconds=patience(request))
    except Problem as problem:
        return problem


async def _preview(services: Services, region_and_name: RegionAndName, form: DeployForm) -> DeployPreview:
    async def planning() -> DeploymentPreview:
        repository = await _repository(services, region_and_name[0], form)
        return await preview_deployment(services, (*region_and_name, repository), form.request)

    return await deploy_preview(planning(), region_and_name, form)


async def _repository(services: Services, region: str, form: DeployForm) -> str:
    """The repository's name, "" where a version is deployed again. Raises Problem."""
    return "" if form.request.version else await resolve_repository(services, region, form.repository)
