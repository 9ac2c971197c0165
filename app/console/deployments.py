"""Deploying: the images there are, what a deployment would change and whether it would run, and starting one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from app.aws.deployment_ports import DeployedVersion
from app.aws.ports import ContainerService
from app.aws.pull_ports import ImageDetail
from app.bootstrap import Services
from app.console.diagnosis import diagnose, question_of
from app.console.repository_images import repository_images
from app.console.timeouts import PATIENCE, ask, in_time
from app.deployments.change import DeploymentChange, compare
from app.deployments.images import DeployableImage, deployable, image_uri
from app.deployments.plan import PlannedDeployment, active_version, plan_deployment
from app.deployments.request import DeployRequest, check_request
from app.diagnosis.check_result import Certainty, Found
from app.diagnosis.diagnosis import Diagnosis, most_telling, without_guesses
from app.diagnosis.fix_kinds import Fix
from app.diagnosis.fixes import kinds_of
from app.diagnosis.image_uri import parse_image
from app.errors import Problem
from app.keys import AccessTarget
from app.operations.planned import AwsCall
from app.operations.start import Ask
from app.operations.state import Kind
from app.threads import run_in_threadpool

# A diagnosis ends by itself after ten seconds.
PREVIEW_SECONDS: Final = 12.0


@dataclass(frozen=True)
class ImageList:
    """The images of a repository that can be deployed, newest first. `is_whole`: there are no others."""

    repository: str
    images: tuple[DeployableImage, ...]
    is_whole: bool = True


@dataclass(frozen=True)
class Obstacle:
    """Why a deployment would fail: `image` is the one that wouldn't run. `granted`: giving access first puts it right."""

    cause: Found
    image: str
    granted: bool


@dataclass(frozen=True)
class DeploymentPreview:
    """What a deployment would do now.

    `previewed` names it: a request that hands it back is done as shown, or not at all. `needs_access`: giving access
    first puts all obstacles right; `is_checked`: nothing kept us from looking.
    """

    region: str
    service: str
    repository: str
    request: DeployRequest
    image: str
    container: str
    containers: tuple[str, ...]
    change: DeploymentChange
    calls: tuple[AwsCall, ...]
    previewed: str
    obstacles: tuple[Obstacle, ...] = ()
    needs_access: bool = False
    is_checked: bool = True


async def list_images(services: Services, region: str, repository: str, *, seconds: float = PATIENCE) -> ImageList:
    """Return the images that can be deployed, of at most 10,000. Raises Problem where AWS lists none in time."""
    listed = await repository_images(services, region, repository, seconds)
    if listed.problem is not None and not listed.images:
        raise listed.problem
    images = await run_in_threadpool(lambda: tuple(map(deployable, listed.images)))
    return ImageList(repository, images, is_whole=listed.whole)


async def preview_deployment(
    services: Services, target: AccessTarget, request: DeployRequest, *, seconds: float = PREVIEW_SECONDS
) -> DeploymentPreview:
    """Return what a deployment would do now, and whether its image would be pulled and run. Changes nothing.

    Raises:
        Problem: as `check_request` and `plan_deployment`; `image.missing`; what kept us from reading.
    """
    check_request(request)
    region, name, repository = target
    service, versions, detail = await in_time(
        seconds,
        asyncio.gather(
            ask(services, region, services.aws.services(region).get_service, name, patience=seconds),
            ask(services, region, services.aws.deployments(region).list_versions, name, patience=seconds),
            _detail(services, target, request, seconds),
        ),
    )
    image = _image(service, repository, request, detail) if repository else ""
    planned = await run_in_threadpool(plan_deployment, name, versions, request, image)
    preview = await run_in_threadpool(_preview, target, request, image, planned, versions)
    return await _with_obstacles(services, preview, seconds)


def start_deployment(
    services: Services, target: AccessTarget, request: DeployRequest, who: str, previewed: str = ""
) -> str:
    """Start a deployment, or find the one that does the same: its operation's id. Raises Problem as `check_request`."""
    given: dict[str, Any] = request.to_json()
    if previewed:
        given["previewed"] = previewed
    return services.starter.start(Ask(Kind.DEPLOY, *target, who, given))


async def _detail(
    services: Services, target: AccessTarget, request: DeployRequest, seconds: float
) -> ImageDetail | None:
    """The image; None where a version is deployed again, or nobody may read it here."""
    region, _, repository = target
    if not repository:
        return None
    tag = "" if request.digest else request.tag or "latest"
    read = partial(services.aws.pull_reads(region).image, "", repository, tag=tag, digest=request.digest)
    try:
        return await ask(services, region, read, patience=seconds)
    except Problem as problem:
        if problem.code == "image.not_found":
            shown = f"{repository}{request.reference()}"
            raise Problem("image.missing", image=shown, repository=repository) from problem
        if problem.code != "aws.access_denied" or request.pin:
            raise
        return None


def _image(service: ContainerService, repository: str, request: DeployRequest, detail: ImageDetail | None) -> str:
    reference = f"@{detail.digest}" if request.pin and detail else request.reference()
    return image_uri(service.account, service.region, repository, reference)


def _preview(
    target: AccessTarget,
    request: DeployRequest,
    image: str,
    planned: PlannedDeployment,
    versions: tuple[DeployedVersion, ...],
) -> DeploymentPreview:
    region, name, repository = target
    change = compare(planned.compared_with, planned.before, planned.after)
    active = active_version(versions)
    return DeploymentPreview(
        region,
        name,
        repository,
        request,
        image or _changed_image(change),
        planned.container,
        tuple(active.spec.containers) if active else tuple(planned.before.containers if planned.before else ()),
        change,
        _calls(name, repository, change, request),
        change.fingerprint(),
    )


def _changed_image(change: DeploymentChange) -> str:
    return next((each.image_after for each in change.changed if each.image_after), "")


def _calls(service: str, repository: str, change: DeploymentChange, request: DeployRequest) -> tuple[AwsCall, ...]:
    kept = (parse_image(image).repository for image in _private_images(change))
    calls = [AwsCall("lightsail:GetContainerServices", service)]
    for each in dict.fromkeys((*([repository] if repository else []), *kept)):
        calls.append(AwsCall("ecr:DescribeImages", each))
        if not (request.grant and each == repository):
            calls.append(AwsCall("ecr:GetRepositoryPolicy", each))
    calls.append(AwsCall("lightsail:GetContainerServiceDeployments", service))
    calls.append(AwsCall("lightsail:CreateContainerServiceDeployment", service))
    return tuple(calls)


async def _with_obstacles(services: Services, preview: DeploymentPreview, seconds: float) -> DeploymentPreview:
    """The preview with what would make the deployment fail, as far as it can be told beforehand."""
    place = (preview.region, preview.service)
    asked = [diagnose(services, question_of(services, place, image)) for image in _images_to_check(preview)]
    try:
        diagnoses = [most_telling(each) for each in await in_time(seconds, asyncio.gather(*asked))]
    except Problem:
        return replace(preview, is_checked=False)
    obstacles = await run_in_threadpool(_obstacles, preview, without_guesses(diagnoses))
    grants = preview.request.grant
    return replace(
        preview,
        obstacles=tuple(each for each in obstacles if not (grants and each.granted)),
        needs_access=bool(obstacles) and all(each.granted for each in obstacles),
        is_checked=not any(each.undetermined for each in diagnoses),
    )


def _images_to_check(preview: DeploymentPreview) -> tuple[str, ...]:
    """The image that is deployed, and all others that are private: also those that run now are pulled again."""
    deployed = (preview.image,) if preview.repository else ()
    return tuple(dict.fromkeys((*deployed, *_private_images(preview.change))))


def _private_images(change: DeploymentChange) -> tuple[str, ...]:
    images = dict.fromkeys(each.image_after for each in change.containers)
    return tuple(image for image in images if parse_image(image).is_private)


def _obstacles(preview: DeploymentPreview, diagnoses: Iterable[Diagnosis]) -> list[Obstacle]:
    """Return each obstacle once: what is wrong with the service concerns every image.

    Of an image that stays as it is beside the one that is deployed, only what is certain counts: it has run before.
    """
    found: list[Obstacle] = []
    for diagnosis in diagnoses:
        image = diagnosis.facts.image
        is_kept = bool(preview.repository) and image != preview.image
        for cause in diagnosis.causes:
            counts = not cause.yields and (not is_kept or cause.certainty is Certainty.CERTAIN)
            if counts and cause not in [each.cause for each in found]:
                found.append(Obstacle(cause, image, _is_granted(preview, cause, diagnosis)))
    return found


def _is_granted(preview: DeploymentPreview, cause: Found, diagnosis: Diagnosis) -> bool:
    """Return whether giving access to the repository that is deployed puts a cause right. A version's isn't given."""
    if not preview.repository or diagnosis.facts.uri.repository != preview.repository:
        return False
    return bool({Fix.GRANT, Fix.ACTIVATE} & set(kinds_of(cause, diagnosis.facts, diagnosis.causes)))
