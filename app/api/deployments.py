"""Deploying images: which there are, what a deployment would do, and starting one. Starts, never waits."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Response

from app.api.deps import OF_SERVICE, KnownServiceDep, NamedServiceDep, RepositoryQuery, accepted
from app.api.responses import AWS, refusals, started
from app.api.routers import api_router
from app.api.schemas.deployments import (
    DeploymentList,
    DeploymentPreviewAnswer,
    DeploymentPreviewRequest,
    DeploymentRequest,
    Images,
    Platform,
    PlatformRequest,
)
from app.api.schemas.logs import Log, LogPartDep, LogVersion
from app.api.schemas.operations import Operation
from app.bootstrap import Services
from app.console import deployments
from app.console.deployment_log import read_deployment_log
from app.console.image_platform import read_platform
from app.console.repositories import resolve_repository
from app.console.services import get_deployments
from app.console.timeouts import PROGRAM_PATIENCE
from app.deployments.reference import split_image
from app.deployments.request import DeployRequest, check_request
from app.http.deps import PersonDep, ServicesDep
from app.threads import run_in_threadpool

router = api_router("Deployments", OF_SERVICE)


@router.get("/repositories/images", summary="Images to deploy", responses=refusals(*AWS))
async def list_images(services: ServicesDep, named: NamedServiceDep, repository: RepositoryQuery) -> Images:
    """Read from AWS now, 10,000 at most. The platform is not read: reading it would count as a pull of the image."""
    name = await resolve_repository(services, named.region, repository)
    return Images.of(await deployments.list_images(services, named.region, name, seconds=PROGRAM_PATIENCE))


@router.post("/repositories/images/platform", summary="Platform of an image", responses=refusals(*AWS))
async def image_platform(services: ServicesDep, named: NamedServiceDep, body: PlatformRequest) -> Platform:
    """Reads the image's manifest: **ECR records this as a pull of the image**, which lifecycle rules may use."""
    reference = split_image(body.image)
    check_request(DeployRequest(reference.tag, reference.digest))
    repository = await resolve_repository(services, named.region, reference.repository)
    tag = "" if reference.digest else reference.tag or "latest"
    read = read_platform(services, named.region, repository, tag, reference.digest, seconds=PROGRAM_PATIENCE)
    return Platform.of(await read)


@router.get("/deployments", summary="Deployments of a service", responses=refusals(*AWS))
async def list_deployments(services: ServicesDep, named: NamedServiceDep) -> DeploymentList:
    """Read from AWS now, newest first, each with what it changed."""
    answer = await get_deployments(services, *named, seconds=PROGRAM_PATIENCE)
    if answer.problem is not None:
        raise answer.problem
    return await run_in_threadpool(DeploymentList.of, answer)


@router.get("/deployments/{version}/log", summary="Log of a deployment", responses=refusals(*AWS))
async def deployment_log(services: ServicesDep, named: NamedServiceDep, version: LogVersion, part: LogPartDep) -> Log:
    """Read from AWS now and kept nowhere: lines of one container, oldest first, in pages.

    Values of environment variables are replaced by `…`, but for those under four characters and port numbers. Lightsail
    keeps logs for 3 days.
    """
    return Log.of(await read_deployment_log(services, named, replace(part, version=version), seconds=PROGRAM_PATIENCE))


@router.post("/deployments", status_code=202, summary="Deploy an image", responses=started(*AWS))
async def deploy(
    services: ServicesDep, who: PersonDep, known_service: KnownServiceDep, body: DeploymentRequest, response: Response
) -> Operation:
    """Replaces the image of one container and keeps everything else, or deploys an earlier version again.

    It ends once AWS shows the deployment as active, or as failed: then with the cause. The same asked for twice is one
    operation while it runs.
    """
    region, name = known_service.service.region, known_service.service.name
    repository, request = await _requested(services, region, body)

    def start() -> Operation:
        target = (region, name, repository)
        return accepted(
            services, response, deployments.start_deployment(services, target, request, who, body.previewed)
        )

    return await run_in_threadpool(start)


@router.post("/deployments/preview", summary="Preview a deployment", responses=refusals(*AWS))
async def preview_deployment(
    services: ServicesDep, named: NamedServiceDep, body: DeploymentPreviewRequest
) -> DeploymentPreviewAnswer:
    """What it changes in the deployment that AWS shows now, and why it would fail, as far as that can be told."""
    repository, request = await _requested(services, named.region, body)
    preview = await deployments.preview_deployment(services, (*named, repository), request)
    return await run_in_threadpool(DeploymentPreviewAnswer.of, preview)


async def _requested(services: Services, region: str, body: DeploymentPreviewRequest) -> tuple[str, DeployRequest]:
    """The repository, "" where a version is deployed again, and what is asked for. Raises Problem."""
    reference = split_image(body.image)
    request = body.request(reference.tag, reference.digest)
    repository = await resolve_repository(services, region, reference.repository) if body.image else ""
    return repository, request
